/** node list, show, join, token. */
import { bytes } from "@playspawn/shared/words/bytes.ts";
import {
  capabilityName,
  capabilityText,
  isOnlyHere,
  joinCommand,
  sessionText,
  urlForOthers,
} from "@playspawn/shared/words/node.ts";
import { ago, left } from "@playspawn/shared/words/time.ts";
import { listNodes } from "../api/pages.ts";
import type { Node } from "../api/types.ts";
import type { Context } from "../context.ts";
import type { Style } from "../output/io.ts";
import { facts, table, type Cell, type Column, type Fact } from "../output/table.ts";
import { pick } from "../pick.ts";

const columns: readonly Column[] = [
  { title: "NAME" },
  { title: "STATE" },
  { title: "ADDRESS" },
  { title: "MEMORY", drop: 1 },
  { title: "CORES", drop: 2 },
  { title: "VERSION", drop: 3 },
  { title: "ID", drop: 4 },
];

const styles: Record<Node["session"], Style> = {
  connected: "green",
  suspect: "yellow",
  unreachable: "red",
  never: "dim",
};

const sessionCell = ({ session }: Node): Cell => ({ text: sessionText[session], style: styles[session] });

export async function list(context: Context): Promise<void> {
  const { settings, io, say, print } = context;
  const items = await listNodes(await context.api());
  if (settings.json) return context.answer({ items, nextCursor: null }, () => "");
  if (settings.quiet) return print(items.map(({ id }) => `${id}\n`).join(""));
  if (items.length === 0) return say("There is no node yet. Add one: playspawn node join");
  const rows = items.map((node) => [
    node.name,
    sessionCell(node),
    node.address ?? "",
    node.capacity ? bytes(node.capacity.memoryBytes) : "",
    node.capacity ? String(node.capacity.cpus) : "",
    node.version ?? "",
    node.id,
  ]);
  print(table(io.out, columns, rows));
}

export async function show(context: Context, [name = ""]: string[]): Promise<void> {
  const node = pick("node", name, await listNodes(await context.api()));
  context.answer(node, () => facts(context.io.out, factsOf(node, context.ports.clock.now())));
}

function factsOf(node: Node, now: number): Fact[] {
  const { capacity, lastSeenAt, quarantined, adopt } = node;
  return [
    ["Name", { text: node.name, style: "bold" }],
    ["State", sessionCell(node)],
    ...(quarantined
      ? [["", { text: "Two machines were seen with its secret. Rotate it.", style: "red" }] as const]
      : []),
    ...(adopt
      ? [
          [
            "",
            {
              text: "It has seen newer changes than the database holds. Decide in the dashboard which count.",
              style: "yellow",
            },
          ] as const,
        ]
      : []),
    ["Seen", lastSeenAt === null ? "never" : ago(lastSeenAt, now)],
    ["Address", node.address ?? "not known yet"],
    ...(capacity
      ? ([
          ["Memory", bytes(capacity.memoryBytes)],
          ["Cores", String(capacity.cpus)],
          ["Disk free", bytes(capacity.diskFreeBytes)],
          ["Ports", `${capacity.ports.from}-${capacity.ports.to}`],
        ] as const)
      : []),
    ...Object.entries(node.capabilities).map(([key, value]) => [capabilityName(key), capabilityText(value)] as const),
    ["Id", node.id],
  ];
}

async function freshToken(context: Context) {
  const api = await context.api();
  const { token, expiresAt, controlUrl } = await api.call("post", "/api/v1/nodes/join-tokens", {});
  return {
    url: urlForOthers(api.url, controlUrl),
    token,
    expiresAt,
    within: left(expiresAt - context.ports.clock.now()),
  };
}

export async function token(context: Context): Promise<void> {
  const { token: text, expiresAt, within } = await freshToken(context);
  context.answer({ token: text, expiresAt }, () => `${text}\n`);
  context.say(`One machine may join with it, within ${within}.`);
}

export async function join(context: Context): Promise<void> {
  const { url, token: text, expiresAt, within } = await freshToken(context);
  const command = joinCommand(url, text);
  context.answer({ command, token: text, expiresAt }, () => `${command}\n`);
  context.say(`Run it as root on the new machine, in a clone of this version, within ${within}.`);
  if (isOnlyHere(url))
    context.say("Another machine does not find this one by that address: put one in its place that it reaches.");
}
