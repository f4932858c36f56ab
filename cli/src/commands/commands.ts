/** Every command there is. Another one is another entry here and a file with what it does. */
import type { CommandSpec, GroupSpec } from "../spec.ts";
import { accountCommands } from "./account-specs.ts";
import { backupCommands } from "../backup/specs.ts";
import { gameCommands } from "./game-specs.ts";
import { nodeCommands } from "./node-specs.ts";
import { serverCommands } from "./server-specs.ts";
import { toolCommands } from "./tool-specs.ts";

export const commands: readonly (CommandSpec | GroupSpec)[] = [
  ...accountCommands,
  { name: "server", text: "game servers", commands: serverCommands },
  { name: "node", text: "the machines that run them", commands: nodeCommands },
  { name: "game", text: "the catalogue of games", commands: gameCommands },
  { name: "backup", text: "the whole platform in one file", commands: backupCommands },
  ...toolCommands,
];
