/** What is about the program itself, and the way around it. */
import type { CommandSpec } from "../spec.ts";

export const toolCommands: readonly CommandSpec[] = [
  {
    name: "doctor",
    text: "examine the installation on this machine",
    examples: ["doctor", "doctor --wait 30"],
    options: [{ flags: "--wait <seconds>", text: "look again until all is well, for so long at most" }],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "open",
    text: "show the dashboard in the browser, or print its address where there is none",
    examples: ["open", "open --print"],
    options: [{ flags: "--print", text: "only print the address" }],
    load: async () => (await import("./open.ts")).openDashboard,
  },
  {
    name: "api <method> <path>",
    text: "call the API as you are signed in, and print what it answers",
    examples: [
      "api GET /api/v1/servers",
      'api PATCH servers/srv_… --data \'{"name":"three foxes"}\'',
      "api POST servers --data @server.json",
    ],
    options: [
      { flags: "-d, --data <json>", text: "the body; @file reads it from a file, @- from standard input" },
      { flags: "-i, --include", text: "print the status and the headers, too" },
    ],
    load: async () => (await import("./api.ts")).callApi,
  },
  {
    name: "completion <shell>",
    text: "print the completion for bash, zsh, fish or pwsh",
    examples: [
      "completion bash > ~/.local/share/bash-completion/completions/playspawn",
      'completion zsh > "${fpath[1]}/_playspawn"',
      "completion fish > ~/.config/fish/completions/playspawn.fish",
      "completion pwsh >> $PROFILE",
    ],
    load: async () => (await import("./completion.ts")).completion,
  },
  {
    name: "help [topic...]",
    text: "help with a command, or with exit-codes",
    examples: ["help server create", "help exit-codes"],
    load: async () => (await import("./help.ts")).help,
  },
];
