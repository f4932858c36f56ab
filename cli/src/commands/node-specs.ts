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
    name: "token",
    text: "print a token that one machine may join with",
    examples: ["node token", "node token --json"],
    load: async () => (await node()).token,
  },
];
