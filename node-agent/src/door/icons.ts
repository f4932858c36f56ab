/** The pictures of sleepers in lists: each server's own where its world has one, else that of its game. */
import { readFileSync } from "node:fs";

export interface Icons {
  /** Base64 of a PNG; null takes it back. */
  set(server: string, png: string | null): void;
  forget(server: string): void;
  /** Base64 of a PNG. */
  of(server: string): string;
}

/** The logo of the game, drawn with 64 points to each side, as Minecraft has it. */
const minecraft = readFileSync(new URL("protocols/minecraft-icon.png", import.meta.url)).toString("base64");

export function icons(): Icons {
  const own = new Map<string, string>();
  return {
    set: (server, png) => void (png === null ? own.delete(server) : own.set(server, png)),
    forget: (server) => void own.delete(server),
    of: (server) => own.get(server) ?? minecraft,
  };
}
