/** What can be done with a game server. */
import { tiers } from "@playspawn/shared/domain/server-state.ts";
import type { CommandSpec, OptionSpec } from "../spec.ts";

const wait: OptionSpec = { flags: "--wait", text: "wait until it is so, and say how long it took" };
const timeout: OptionSpec = {
  flags: "--timeout <time>",
  text: "how long to wait at most, like 90s or 5m",
  default: "5m",
};

const set: OptionSpec = {
  flags: "--set <NAME=value>",
  text: "a variable of the game; =@file reads it from a file, =@- from standard input",
  many: true,
};
const idle: OptionSpec = { flags: "--idle <time>", text: "sleeps after that long without players, like 15m; or never" };
const want: OptionSpec = { flags: "--want <state>", text: "how it is kept", choices: ["auto", "running", "stopped"] };

export const serverCommands: readonly CommandSpec[] = [
  {
    name: "list",
    alias: "ls",
    text: "your servers, what they do and where they are joined",
    examples: ["server list", "server list --json", "server ls -q"],
    options: [{ flags: "--trash", text: "those in the trash" }],
    load: async () => (await import("./server-read.ts")).list,
  },
  {
    name: "create <game>",
    text: "make a server of a game, and print where it is joined",
    examples: [
      "server create teeworlds",
      'server create teeworlds --name "two foxes" --set MAX_PLAYERS=8 --idle 30m --yes',
      "server create teeworlds --set PASSWORD=@password.txt --dry-run",
    ],
    options: [
      { flags: "--name <name>", text: "what it is called (the game's name)" },
      set,
      idle,
      { flags: "--port <name=number>", text: "a public port of your choice", many: true },
      want,
      { flags: "--node <node>", text: "on this node instead of the emptiest" },
      { flags: "-n, --dry-run", text: "only show the plan" },
      { flags: "--no-wait", text: "do not wait until it can be joined" },
      { ...timeout, default: "15m" },
    ],
    load: async () => (await import("./server-create.ts")).create,
  },
  {
    name: "show <server>",
    text: "everything about one",
    examples: ["server show foxes", "server show foxes --json"],
    load: async () => (await import("./server-read.ts")).show,
  },
  {
    name: "logs <server>",
    text: "what the game wrote",
    examples: ["server logs foxes", "server logs foxes -f", "server logs foxes --tail 1000 | grep joined"],
    options: [
      { flags: "-f, --follow", text: "go on as it writes, until Ctrl-C" },
      { flags: "-n, --tail <lines>", text: "how many of the last lines", default: "100" },
    ],
    load: async () => (await import("./server-logs.ts")).logs,
  },
  {
    name: "players <server>",
    text: "who plays",
    examples: ["server players foxes"],
    load: async () => (await import("./server-read.ts")).players,
  },
  {
    name: "stats <server>",
    text: "what it takes of its machine now",
    examples: ["server stats foxes", "server stats foxes --json"],
    load: async () => (await import("./server-read.ts")).stats,
  },
  {
    name: "why <server>",
    text: "why it is awake, what keeps it from sleeping, what woke it, how long its wakes take",
    examples: ["server why foxes", "server why foxes --json"],
    load: async () => (await import("./server-read.ts")).why,
  },
  {
    name: "wake <server>",
    text: "wake it, so that the first player need not wait",
    examples: ["server wake foxes", "server wake foxes --wait"],
    options: [wait, timeout],
    load: async () => (await import("./server-power.ts")).wake,
  },
  {
    name: "hibernate <server>",
    text: "save it and put it to sleep now",
    examples: ["server hibernate foxes", "server hibernate foxes --tier cold --wait"],
    options: [
      { flags: "--tier <tier>", text: "how deep at least; the deeper, the slower the next wake", choices: [...tiers] },
      wait,
      timeout,
    ],
    load: async () => (await import("./server-power.ts")).hibernate,
  },
  {
    name: "restart <server>",
    text: "save it, stop it and start it again",
    examples: ["server restart foxes --wait"],
    options: [wait, timeout],
    load: async () => (await import("./server-power.ts")).restart,
  },
  {
    name: "rename <server> <name>",
    text: "call it something else",
    examples: ['server rename foxes "three foxes"'],
    load: async () => (await import("./server-change.ts")).rename,
  },
  {
    name: "change <server>",
    text: "change its settings; what runs takes them at its next wake",
    examples: [
      "server change foxes --set MAX_PLAYERS=16 --idle never",
      "server change foxes --memory 2G --cpu 1.5",
      "server change foxes --notes @rules.txt",
    ],
    options: [
      { ...set, text: `${set.text}; those not named stay` },
      idle,
      want,
      { flags: "--memory <size>", text: "like 512M or 2G; default: what the game asks for" },
      { flags: "--cpu <cores>", text: "like 0.5 or 2; default: what the game asks for" },
      { flags: "--notes <text>", text: "a note to yourself; @file reads it from a file" },
      { flags: "--wake-from <list>", text: "addresses that may wake it, like 192.0.2.7,10.0.0.0/8; or everyone" },
      { flags: "--wake-players <list>", text: "players who may wake it, where the game names them; or everyone" },
    ],
    load: async () => (await import("./server-change.ts")).change,
  },
  {
    name: "update <server>",
    text: "take the newer version of its game, once nobody plays",
    examples: ["server update foxes", "server update foxes --cancel"],
    options: [{ flags: "--cancel", text: "stay with the version it has" }],
    load: async () => (await import("./server-change.ts")).update,
  },
  {
    name: "transfer <server> <email>",
    text: "make it somebody else's",
    examples: ["server transfer foxes mia@example.org"],
    load: async () => (await import("./server-change.ts")).transfer,
  },
  {
    name: "rm <server>",
    text: "put it into the trash, where its world waits for a while",
    examples: ["server rm foxes", 'server rm foxes --purge --confirm "two foxes" --wait'],
    options: [
      { flags: "--purge", text: "delete it with its world, at once and for good" },
      { flags: "--confirm <name>", text: "its whole name, for --purge where nobody can be asked" },
      wait,
      timeout,
    ],
    load: async () => (await import("./server-trash.ts")).remove,
  },
  {
    name: "restore <trashed>",
    text: "bring it back from the trash",
    examples: ["server restore foxes", "server restore foxes --wait"],
    options: [wait, timeout],
    load: async () => (await import("./server-trash.ts")).restore,
  },
  {
    name: "open <server>",
    text: "show its page in the browser, or print its address where there is none",
    examples: ["server open foxes"],
    options: [{ flags: "--print", text: "only print the address" }],
    load: async () => (await import("./open.ts")).openServer,
  },
];
