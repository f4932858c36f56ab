/** Signing in and out, and with what. */
import type { CommandSpec } from "../spec.ts";

const account = () => import("./account.ts");

export const accountCommands: readonly CommandSpec[] = [
  {
    name: "login [url]",
    text: "sign in, and talk to that Playspawn from now on",
    examples: [
      "login https://play.example.org",
      "login http://127.0.0.1:8000 --email me@example.org --password-file -  < password",
      "login https://play.example.org --token-file token",
    ],
    options: [
      { flags: "--email <email>", text: "as whom" },
      { flags: "--password-file <file>", text: "the password, - for standard input" },
    ],
    load: async () => (await account()).login,
  },
  {
    name: "logout [url]",
    text: "end the session and forget its token",
    examples: ["logout"],
    load: async () => (await account()).logout,
  },
  {
    name: "use <url>",
    text: "talk to another Playspawn that you are signed in to",
    examples: ["use https://play.example.org"],
    load: async () => (await account()).use,
  },
  {
    name: "whoami",
    text: "who is signed in",
    examples: ["whoami"],
    load: async () => (await account()).whoami,
  },
  {
    name: "status",
    text: "what is known here, and how it is over there",
    examples: ["status", "status --json"],
    load: async () => (await account()).status,
  },
];
