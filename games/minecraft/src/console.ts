/** The log on stdout and the commands from stdin, in place of flying-squid's own: one plain line per message. */
import { createInterface } from "node:readline";
import type { Plugin, Server } from "./flying-squid.ts";

const lineLengthMax = 1000;

/** What others wrote must neither start a line of its own nor steer a terminal. */
// oxlint-disable-next-line no-control-regex -- taking them out is the point
const printable = (text: string): string => text.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f]/g, " ");

/** Prints one line. Lines that begin with a word in brackets come from the game, others from this program. */
export function print(line: string): void {
  process.stdout.write(`${printable(line).slice(0, lineLengthMax)}\n`);
}

export const consolePlugin: Plugin = {
  server(server) {
    server.log = (message) => print(`[game] ${message}`);
    server.info = (message) => print(`[info] ${message}`);
    server.warn = (message) => print(`[warn] ${message}`);
    server.err = (message) => print(`[error] ${message}`);
    server.debug = undefined;
    server.createLog = () => {};
    server.on("error", (error) => server.err(error.message));
    server.on("clientError", (client, error) => server.err(`${client.username ?? "a client"}: ${error.message}`));
  },
  player(player, server) {
    player.on("connected", () => server.info(`${player.username} joined the game`));
    player.on("disconnected", () => server.info(`${player.username} left the game`));
    player.on("chat", ({ message }: { message: string }) => print(`[chat] <${player.username}> ${message}`));
  },
};

/** Every line of stdin is a command. */
export function readCommands(server: Server): void {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const command = line.trim().replace(/^\//, "");
    if (command !== "") server.handleCommand(command).catch((error: Error) => server.warn(error.message));
  });
}
