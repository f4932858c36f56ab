/** What can be done with the catalogue. */
import type { CommandSpec } from "../spec.ts";

const game = () => import("./game.ts");
const admin = () => import("./game-admin.ts");

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
    text: "whether it works, its ports and variables",
    examples: ["game show teeworlds", "game show teeworlds --template > game.yaml"],
    options: [{ flags: "--template", text: "the text of its game.yaml instead" }],
    load: async () => (await game()).show,
  },
  {
    name: "reload [game]",
    text: "read the catalogue anew, or one game of it",
    examples: ["game reload", "game reload teeworlds"],
    load: async () => (await game()).reload,
  },
  {
    name: "test <game>",
    text: "try it with a throw-away server",
    examples: [
      "game test teeworlds",
      "game test rust --node attic --timeout 2h",
      "game test minecraft-java --set EULA=true",
      "game test rust --cancel",
    ],
    options: [
      { flags: "--node <node>", text: "on this node instead of the emptiest" },
      { flags: "--set <NAME=value>", text: "a variable of the game; =@file reads it from a file", many: true },
      { flags: "--timeout <time>", text: "how long to wait for its end", default: "1h" },
      { flags: "--cancel", text: "call off the test that is under way" },
    ],
    load: async () => (await import("./game-test.ts")).test,
  },
  {
    name: "add <path>",
    text: "add one from a game.yaml, or a folder with it",
    examples: ["game add my-game/", "game add game.yaml --copy-of teeworlds", "game add -"],
    options: [{ flags: "--copy-of <game>", text: "take the files beside it from this game" }],
    load: async () => (await admin()).add,
  },
  {
    name: "edit <game> <path>",
    text: "replace its template; a shipped one gets your version",
    examples: ["game edit teeworlds game.yaml", "game edit my-game my-game/"],
    options: [{ flags: "--force", text: "also over what somebody else changed since it was shown" }],
    load: async () => (await admin()).edit,
  },
  {
    name: "disable <game>",
    text: "offer it no longer; its servers stay",
    examples: ["game disable teeworlds"],
    load: async () => (await admin()).disable,
  },
  {
    name: "enable <game>",
    text: "offer it again",
    examples: ["game enable teeworlds"],
    load: async () => (await admin()).enable,
  },
  {
    name: "rm <game>",
    text: "delete your own template, or your version of a shipped one",
    examples: ["game rm my-game", "game rm teeworlds --yes"],
    load: async () => (await admin()).remove,
  },
];
