/** A Playspawn with a dashboard: control plane, agent and door, and an admin or the link that was printed. */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { sweep } from "../stack/docker.ts";
import { type Part, type Running, run } from "../stack/processes.ts";
import { nextRange } from "../stack/port-ranges.ts";
import { freePort } from "../stack/stack.ts";
import { gamesWithTiny } from "../stack/tiny.ts";

export interface House {
  url: string;
  setupUrl: string;
  /** Where the agent's own HTTP API answers. */
  agentUrl: string;
  /** Ends the control plane hard and leaves it down. */
  killControl(): Promise<void>;
  startControl(): Promise<void>;
}

export const admin = { email: "admin@example.org", password: "seven quiet otters" };

const games = {
  locked: `id: locked
name: Locked
description: Lets in who knows the word.
image: { ref: "playspawn-e2e/tiny:1" }
ports: { game: { protocol: tcp, container: 7000, public: auto } }
variables:
  WORD: { type: string, label: Word, default: "", maxLength: 20, pattern: "^[!-~]*$", secret: true }
cpu: 0.2
memory: 32M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 3 }
`,
  broken: `id: broken
name: Broken
description: Asks for memory in words.
image: { ref: "playspawn-e2e/tiny:1" }
ports: { game: { protocol: tcp, container: 7000, public: auto } }
cpu: 0.2
memory: plenty
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 3 }
`,
};
const built = fileURLToPath(new URL("../../../web/dist/index.html", import.meta.url));

export interface HouseOptions {
  /** The agent joins nobody: it waits to be added by its address, with this secret. */
  nodeSecret?: string;
  /** Nobody has set it up: then there is a set-up link, else the account of `admin`. */
  isNew?: boolean;
}

/** The games are ours, the tiny one, one with a secret, and one whose template has faults. */
export async function startHouse(t: ExecutionContext, options: HouseOptions = {}): Promise<House> {
  await access(built).catch(() => {
    throw new Error("The dashboard is not built. Run `npm run build -w web`, or the tests by ./scripts/test.");
  });
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-dashboard-"));
  const folder = await gamesWithTiny(games);
  const parts = new Map<Part, Running>();
  t.teardown(async () => {
    await Promise.all([...parts.values()].map((part) => part.stop("SIGTERM")));
    await sweep(dataDir);
    await folder.remove();
    await rm(dataDir, { recursive: true, force: true });
  });
  const env = await environments(dataDir, folder.dir, options);
  const start = async (part: Part): Promise<Running> => {
    const running = await run(part, env[part], join(dataDir, `${part}.log`));
    parts.set(part, running);
    return running;
  };
  const { ready } = await start("control");
  await Promise.all([start("agent"), start("door")]);
  return {
    url: String(ready["url"]),
    setupUrl: String(ready["setupUrl"]),
    agentUrl: `http://127.0.0.1:${env.agent["PLAYSPAWN_AGENT_PORT"]}`,
    killControl: () => parts.get("control")!.stop("SIGKILL"),
    startControl: async () => void (await start("control")),
  };
}

async function environments(
  dataDir: string,
  gamesDir: string,
  { nodeSecret, isNew = false }: HouseOptions,
): Promise<Record<Part, Record<string, string>>> {
  const [port, agentPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const common = { PLAYSPAWN_DATA_DIR: dataDir };
  return {
    control: {
      ...common,
      PLAYSPAWN_PORT: String(port),
      PLAYSPAWN_WEB_PORT: "0",
      PLAYSPAWN_HOST: "127.0.0.1",
      PLAYSPAWN_PUBLIC_URL: url,
      PLAYSPAWN_GAMES_DIR: gamesDir,
      ...(!isNew && { PLAYSPAWN_ADMIN_EMAIL: admin.email, PLAYSPAWN_ADMIN_PASSWORD: admin.password }),
      PLAYSPAWN_LOCAL_NODE: nodeSecret === undefined ? "1" : "0",
    },
    agent: {
      ...common,
      PLAYSPAWN_CONTROL_URL: url,
      PLAYSPAWN_AGENT_PORT: String(agentPort),
      PLAYSPAWN_PORT_RANGE: nextRange(20),
      PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
      PLAYSPAWN_NODE_NAME: "workshop",
      // Images of tests are made here and come from no registry.
      PLAYSPAWN_IMAGE_ALLOW: "*",
      PLAYSPAWN_JOIN_TOKEN_FILE: join(dataDir, "run/join-token"),
      ...(nodeSecret !== undefined && {
        PLAYSPAWN_CONTROL_URL: "",
        PLAYSPAWN_JOIN_TOKEN_FILE: "",
        PLAYSPAWN_NODE_SECRET: nodeSecret,
      }),
    },
    door: common,
  };
}
