/** What can be done with the catalogue. */
import type { CommandSpec } from "../spec.ts";

const game = () => import("./game.ts");

export const gameCommands: readonly CommandSpec[] = [
  {
    name: "list",
    alias: "ls",
    text: "the games that servers can be made of",
    examples: ["game list", "game ls --json"],
    load: async () => (await game()).list,
  },
  {
    name: "show <game>",
    text: "its ports and variables",
    examples: ["game show teeworlds"],
    load: async () => (await game()).show,
  },
  {
    name: "reload",
    text: "read the catalogue anew",
    examples: ["game reload"],
    load: async () => (await game()).reload,
  },
];
