/** Cells and lines about a server. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import { stateText } from "@playspawn/shared/words/server.ts";
import type { Server } from "../api/types.ts";
import type { Style } from "../output/io.ts";
import type { Cell } from "../output/table.ts";

const styles: Record<StateWord, Style> = {
  Running: "green",
  Waking: "yellow",
  Deploying: "yellow",
  Asleep: "blue",
  Stopped: "dim",
  Trashed: "dim",
  Deleting: "dim",
  Crashed: "red",
  Unknown: "yellow",
};

/** `Asleep, paused`: of a sleeper also how deep. */
const stateWords = (server: Server): string =>
  server.state === "Asleep" && server.tier ? `${stateText(server)}, ${server.tier}` : stateText(server);

export const stateCell = (server: Server): Cell => ({ text: stateWords(server), style: styles[server.state] });

export const playersText = ({ players, state }: Server): string =>
  players && state === "Running" ? `${players.online}/${players.max}` : "";

const parts: Record<string, string> = { "/cpu": "CPU", "/memoryBytes": "memory", "/template": "the template" };

/** A part of a server that a change or an update is about: `/variables/MAX` → `MAX`, `/cpu` → `CPU`. */
export const partText = (pointer: string): string => parts[pointer] ?? pointer.split("/").at(-1)!;

/** `192.0.2.10:20001`, as it is typed into a game. */
export const addressText = ({ host, port }: { host: string; port: number }): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Where players join: the first of its addresses. */
export const joinAddress = ({ addresses: [first] }: Pick<Server, "addresses">): string =>
  first ? addressText(first) : "";
