/** A request to deploy as the record that the supervisor gets, checked with the rules of a game.yaml. Pure. */
import {
  AppError,
  Game,
  parseInput,
  refuseFaults,
  specOfGame,
  type DesiredServer,
  type Fault,
  type Protocol,
  type ServerSpec,
} from "@playspawn/shared";
import type { Deploy } from "./schema.ts";

export interface WantedPort {
  name: string;
  protocol: Protocol;
  public: number | "auto";
}

/** Those that players dial. */
export const wantedPorts = ({ ports }: Deploy): WantedPort[] =>
  Object.entries(ports).flatMap(([name, port]) =>
    port.public === "none" ? [] : [{ name, protocol: port.protocol, public: port.public }],
  );

/** @throws AppError invalid_request with faults that point at the fields of the request */
export function checkDeploy(request: Deploy): Game {
  const { image, ports, memory_mb, game } = request;
  const template = {
    id: game,
    name: game,
    description: game,
    image: typeof image === "string" ? { ref: image } : { build: "." },
    ports: Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [
        name,
        { ...port, public: port.public === "none" ? "none" : "auto" },
      ]),
    ),
    entrypoint: request.entrypoint,
    environment: request.environment,
    volumes: request.volumes,
    user: request.user,
    profile: request.profile,
    cpu: request.cpu,
    memory: `${memory_mb}M`,
    readiness: request.readiness ?? { anyOf: [probeOf(request)], limitSeconds: 300 },
    save: request.save,
    stop: request.stop,
    players: request.players,
    asleep: request.asleep,
  };
  const { value, faults } = parseInput(Game, template, "");
  refuseFaults(faults.map(renamed));
  return value as Game;
}

/** Where the field is called otherwise in a request. */
function renamed({ pointer, detail }: Fault): Fault {
  const own = pointer.replace(/^\/image\/(ref|build)$/, "/image").replace(/^\/memory$/, "/memory_mb");
  return { pointer: own, detail };
}

function probeOf({ ports }: Deploy): Game["readiness"]["anyOf"][number] {
  const tcp = Object.entries(ports).find(([, { protocol }]) => protocol === "tcp");
  return tcp ? { tcp: tcp[0] } : { log: "." };
}

/** @param chosen a public port for each name that players dial */
export function specOf(request: Deploy, game: Game, chosen: Readonly<Record<string, number>>): ServerSpec {
  const { image } = request;
  const isInternal = ({ name }: { name: string }): boolean => request.ports[name]!.public === "none";
  const ports = Object.entries(request.ports).map(([name, { protocol, container }]) => ({ name, protocol, container }));
  const internal = ports.filter(isInternal);
  return {
    game: game.id,
    image: typeof image === "string" ? { ref: image } : image,
    env: game.environment,
    ports: ports.filter((port) => !isInternal(port)).map((port) => ({ ...port, public: chosen[port.name]! })),
    ...(internal.length > 0 && { internalPorts: internal }),
    ...(game.entrypoint && { entrypoint: game.entrypoint }),
    ...(request.command && { command: request.command }),
    ...specOfGame(game),
  };
}

/** @param before the record that it replaces */
export function recordOf(
  id: string,
  request: Deploy,
  spec: ServerSpec,
  before: DesiredServer | undefined,
): DesiredServer {
  const gen = (before?.gen ?? 0) + 1;
  return {
    id,
    gen,
    want: request.want,
    kick: request.want === "auto" && request.wake ? { gen, kind: "wake" } : null,
    idleSeconds: request.idle_seconds,
    onDisconnect: "keep",
    // Whoever holds the secret pays.
    grant: { id: `local-${id}`, microCredits: null },
    purge: false,
    spec,
  };
}

/**
 * A public port for each name: the wanted one, else what the server has, else the lowest free one of the range.
 * @param taken `protocol/port` → who has it
 * @throws AppError port_taken | ports_exhausted
 */
export function choosePorts(
  wanted: readonly WantedPort[],
  range: { from: number; to: number },
  taken: ReadonlyMap<string, string>,
  before: ServerSpec | undefined,
): Record<string, number> {
  const used = new Set(taken.keys());
  const chosen: Record<string, number> = {};
  const hold = ({ name, protocol }: WantedPort, port: number): void => {
    const key = `${protocol}/${port}`;
    if (used.has(key))
      throw new AppError(
        "port_taken",
        `The ${protocol} port ${port} is taken by ${taken.get(key) ?? "another port of this server"}.`,
      );
    used.add(key);
    chosen[name] = port;
  };
  for (const port of wanted) if (port.public !== "auto") hold(port, port.public);
  for (const port of wanted) {
    if (port.public !== "auto") continue;
    const kept = before?.ports.find(({ name, protocol }) => name === port.name && protocol === port.protocol)?.public;
    hold(
      port,
      kept !== undefined && !used.has(`${port.protocol}/${kept}`) ? kept : lowestFree(port.protocol, range, used),
    );
  }
  return chosen;
}

function lowestFree(protocol: Protocol, { from, to }: { from: number; to: number }, used: ReadonlySet<string>): number {
  for (let port = from; port <= to; port++) if (!used.has(`${protocol}/${port}`)) return port;
  throw new AppError("ports_exhausted", `No ${protocol} port from ${from} to ${to} is free on this node.`);
}
