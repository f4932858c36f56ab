/** list, show, players. */
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { story, titleOf } from "@playspawn/shared/words/server.ts";
import { ago, idleText } from "@playspawn/shared/words/time.ts";
import { listServers } from "../api/pages.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { facts, table, type Column, type Fact } from "../output/table.ts";
import { findServer } from "../servers/find.ts";
import { addressText, joinAddress, playersText, stateCell } from "../servers/words.ts";

const columns: readonly Column[] = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "PLAYERS", drop: 2 },
  { title: "JOIN" },
  { title: "GAME", drop: 1 },
  { title: "NODE", drop: 4 },
  { title: "ID", drop: 3 },
];

export async function list(context: Context): Promise<void> {
  const { settings, io, say, print } = context;
  const items = await listServers(await context.api());
  if (settings.json) return context.answer({ items, nextCursor: null }, () => "");
  if (settings.quiet) return print(items.map(({ id }) => `${id}\n`).join(""));
  if (items.length === 0) return say("There is no server yet. Make one: playspawn server create <game>");
  const rows = items.map((server) => [
    server.name,
    stateCell(server),
    playersText(server),
    joinAddress(server),
    server.game,
    server.node.name,
    server.id,
  ]);
  print(table(io.out, columns, rows));
}

export async function show(context: Context, [name = ""]: string[]): Promise<void> {
  const server = await findServer(await context.api(), name);
  context.answer(server, () => facts(context.io.out, factsOf(server, context.ports.clock.now())));
}

function factsOf(server: Server, now: number): Fact[] {
  const { cpu, memoryBytes, addresses, variables, error } = server;
  return [
    ["Name", { text: server.name, style: "bold" }],
    ["State", stateCell(server)],
    ["", story(server, now)],
    ...(error ? [["Error", { text: `${titleOf(error)}: ${error.message}`, style: "red" }] as const] : []),
    ["Since", ago(server.since, now)],
    ...addresses.map((address) => [`Join (${address.name})`, `${addressText(address)} ${address.protocol}`] as const),
    ["Players", playersText(server) || "none"],
    ["Game", server.game],
    ["Node", server.node.name],
    ["Sleeps after", server.want === "running" ? "never: it is always awake" : idleText(server.idleSeconds)],
    ["Takes", `${bytes(memoryBytes)} of memory, ${cpu} ${cpu === 1 ? "core" : "cores"}`],
    ...Object.entries(variables).map(([variable, value]) => [variable, String(value)] as const),
    ["Created", ago(server.createdAt, now)],
    ["Id", server.id],
  ];
}

export async function players(context: Context, [name = ""]: string[]): Promise<void> {
  const server = await findServer(await context.api(), name);
  context.answer(server.players, () => (server.players?.names ?? []).map((player) => `${player}\n`).join(""));
  if (context.settings.json) return;
  const online = server.players?.online ?? 0;
  if (online === 0) context.say(`Nobody plays on ${server.name}.`);
  else if (!server.players?.names)
    context.say(`${playersText(server)} play on ${server.name}; this game tells no names.`);
}
