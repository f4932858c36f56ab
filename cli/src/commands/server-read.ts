/** list, show, players, stats, why. */
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { sleepText, story, titleOf } from "@playspawn/shared/words/server.ts";
import { ago, idleText, left } from "@playspawn/shared/words/time.ts";
import { listServers } from "../api/pages.ts";
import type { Server, ServerStats } from "../api/types.ts";
import type { Context } from "../context.ts";
import { facts, table, type Column, type Fact } from "../output/table.ts";
import { findServer } from "../servers/find.ts";
import { addressText, joinAddress, partText, playersText, stateCell } from "../servers/words.ts";

const places: readonly Column[] = [
  { title: "GAME", drop: 1 },
  { title: "NODE", drop: 4 },
  { title: "ID", drop: 3 },
];
const columns: readonly Column[] = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "PLAYERS", drop: 2 },
  { title: "JOIN" },
  ...places,
];
/** Nobody joins what is in the trash, and its port may be another's by now. */
const trashColumns: readonly Column[] = [{ title: "NAME" }, { title: "STATE" }, { title: "LEFT" }, ...places];

export async function list(context: Context, _args: string[], { trash = false }: { trash?: boolean }): Promise<void> {
  const { settings, io, say, print } = context;
  const items = await listServers(await context.api(), { trash });
  if (settings.json) return context.answer({ items, nextCursor: null }, () => "");
  if (settings.quiet) return print(items.map(({ id }) => `${id}\n`).join(""));
  if (items.length === 0 && trash) return say("Nothing is in the trash.");
  if (items.length === 0) return say("There is no server yet. Make one: playspawn server create <game>");
  const now = context.ports.clock.now();
  const lives = (server: Server) =>
    trash ? [server.purgeAt === null ? "" : left(server.purgeAt - now)] : [playersText(server), joinAddress(server)];
  const rows = items.map((server) => [
    server.name,
    stateCell(server),
    ...lives(server),
    server.game,
    server.node.name,
    server.id,
  ]);
  print(table(io.out, trash ? trashColumns : columns, rows));
}

export async function show(context: Context, [name = ""]: string[]): Promise<void> {
  const server = await findServer(await context.api(), name);
  context.answer(server, () => facts(context.io.out, factsOf(server, context.ports.clock.now())));
}

function factsOf(server: Server, now: number): Fact[] {
  const { cpu, memoryBytes, addresses, variables, error } = server;
  const wakers = [...server.wakeAllow.addresses, ...server.wakeAllow.names];
  return [
    ["Name", { text: server.name, style: "bold" }],
    ["State", stateCell(server)],
    ["", story(server, now)],
    ...(server.sleep ? [["Why so deep", sleepText(server.sleep, now)] as const] : []),
    ...(error ? [["Error", { text: `${titleOf(error)}: ${error.message}`, style: "red" }] as const] : []),
    ["Since", ago(server.since, now)],
    ...addresses.map((address) => [`Join (${address.name})`, `${addressText(address)} ${address.protocol}`] as const),
    ["Players", playersText(server) || "none"],
    ["Game", server.game],
    ["Node", server.node.name],
    ["Sleeps after", server.want === "running" ? "never: it is always awake" : idleText(server.idleSeconds)],
    ...(wakers.length > 0 ? [["Woken by", `only ${wakers.join(", ")}`] as const] : []),
    ["Takes", `${bytes(memoryBytes)} of memory, ${cpu} ${cpu === 1 ? "core" : "cores"}`],
    ...Object.entries(variables).map(([variable, value]) => [variable, String(value)] as const),
    ["Created", ago(server.createdAt, now)],
    ...(server.pending.length > 0 ? [["Next wake", `takes ${server.pending.map(partText).join(", ")}`] as const] : []),
    ...(server.update ? [["Update", updateText(server.update)] as const] : []),
    ...(server.notes ? [["Notes", server.notes] as const] : []),
    ...(server.purgeAt === null ? [] : [["Deleted for good", `in ${left(server.purgeAt - now)}`] as const]),
    ["Id", server.id],
  ];
}

const phases = {
  preparing: "its image is being made ready",
  waiting: "it waits until nobody plays",
  updating: "it is being taken",
} as const;

function updateText({ phase, changes, available, error }: NonNullable<Server["update"]>): string {
  if (phase) return `${changes.map(partText).join(", ")}: ${phases[phase]}`;
  if (error) return `was taken back: ${error.message}`;
  return available ? `there is a newer ${changes.map(partText).join(", ")}` : "none";
}

export async function players(context: Context, [name = ""]: string[]): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  const { online, max, ...seen } = await api.call("get", "/api/v1/servers/{id}/players", { path: { id: server.id } });
  context.answer({ online, max, ...seen }, () => (seen.names ?? []).map((player) => `${player}\n`).join(""));
  if (context.settings.json) return;
  if (!online)
    return context.say(
      online === 0 ? `Nobody plays on ${server.name}.` : `Nobody can tell who plays on ${server.name} now.`,
    );
  if (!seen.names) context.say(`${online} of ${max} play on ${server.name}; this game tells no names.`);
}

export async function stats(context: Context, [name = ""]: string[]): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  const now = await api.call("get", "/api/v1/servers/{id}/stats", { path: { id: server.id } });
  context.answer(now, () =>
    facts(context.io.out, [
      ["State", stateCell(server)],
      ["CPU", `${now.cpu_percent.toFixed(1)} % of one core; it may use ${server.cpu * 100} %`],
      [
        "Memory",
        `${bytes(now.memory_used_mb * 1024 ** 2)} of ${bytes(server.memoryBytes)}, ${now.memory_percent.toFixed(1)} %`,
      ],
      ...ratesOf(now),
    ]),
  );
}

/** None of an agent that is older than these. */
function ratesOf(now: ServerStats): Fact[] {
  const { network_in_bytes_per_second: received, network_out_bytes_per_second: sent } = now;
  const { disk_read_bytes_per_second: read, disk_write_bytes_per_second: written } = now;
  const network: Fact[] =
    received === undefined || sent === undefined
      ? []
      : [["Network", `${bytes(received)} a second in, ${bytes(sent)} out`]];
  const disk: Fact[] =
    read === undefined || written === undefined
      ? []
      : [["Disk", `${bytes(read)} a second read, ${bytes(written)} written`]];
  return [...network, ...disk];
}

export async function why(context: Context, [name = ""]: string[]): Promise<void> {
  const api = await context.api();
  const { id } = await findServer(api, name);
  const answer = await api.call("get", "/api/v1/servers/{id}/why", { path: { id } });
  const { awake, sleep, woken, wakes } = answer;
  context.answer(answer, () =>
    facts(context.io.out, [
      ["Why is it awake?", awake.line],
      ["Why will it not sleep?", sleep.line],
      ["What woke it?", woken.line],
      ["How long do its wakes take?", wakes.line],
    ]),
  );
}
