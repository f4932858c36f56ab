/** What can be done with a node. */
import type { CommandSpec } from "../spec.ts";

const node = () => import("./node.ts");

export const nodeCommands: readonly CommandSpec[] = [
  {
    name: "list",
    alias: "ls",
    text: "the machines, and whether they answer",
    examples: ["node list", "node ls --json"],
    load: async () => (await node()).list,
  },
  {
    name: "show <node>",
    text: "everything about one",
    examples: ["node show home-1"],
    load: async () => (await node()).show,
  },
  {
    name: "join",
    text: "print the line to run on a new machine, in a clone of this version",
    examples: ["node join", 'node join -q | ssh root@new-machine "cd playspawn && sh"'],
    load: async () => (await node()).join,
  },
  {
    name: "add <url>",
    text: "add a node that joins nobody, by its address and its secret",
    examples: [
      "node add https://node1.example.org:8001 --name attic --secret-file node.secret",
      "node add http://10.0.0.7:8001 --name attic --secret-file - < node.secret",
    ],
    options: [
      { flags: "--name <name>", text: "what it is called (its host)" },
      { flags: "--secret-file <file>", text: "its PLAYSPAWN_NODE_SECRET, - for standard input" },
    ],
    load: async () => (await import("./node-admin.ts")).add,
  },
  {
    name: "revoke <node>",
    text: "shut one out for good; what runs there runs on, and is no longer known here",
    examples: ["node revoke attic", "node revoke attic --confirm attic"],
    options: [{ flags: "--confirm <name>", text: "its whole name, where nobody can be asked" }],
    load: async () => (await import("./node-admin.ts")).revoke,
  },
  {
    name: "token",
    text: "print a token that one machine may join with",
    examples: ["node token", "node token --json"],
    load: async () => (await node()).token,
  },
];
