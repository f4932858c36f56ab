/** What the environment says. Flags come before it, the file of hosts after it. */
import { homedir } from "node:os";
import { join } from "node:path";

export interface Environment {
  url: string | undefined;
  token: string | undefined;
  tokenFile: string | undefined;
  /** Where the hosts and their tokens are kept. */
  configDir: string;
  /** What may be lost: names for completion. */
  cacheDir: string;
  /** A program that shows a web page; undefined where none can. */
  browser: string | undefined;
}

/** A variable that is set to nothing is not set. */
const given = (text: string | undefined): string | undefined => (text?.trim() ? text.trim() : undefined);

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const home = given(env["HOME"]) ?? homedir();
  // The XDG specification has relative paths ignored.
  const folder = (variable: string, otherwise: string): string => {
    const path = given(env[variable]);
    return join(path?.startsWith("/") ? path : join(home, otherwise), "playspawn");
  };
  return {
    url: given(env["PLAYSPAWN_URL"]),
    token: given(env["PLAYSPAWN_TOKEN"]),
    tokenFile: given(env["PLAYSPAWN_TOKEN_FILE"]),
    configDir: folder("XDG_CONFIG_HOME", ".config"),
    cacheDir: folder("XDG_CACHE_HOME", ".cache"),
    browser: browserOf(env),
  };
}

function browserOf(env: NodeJS.ProcessEnv): string | undefined {
  const named = given(env["BROWSER"]);
  if (named) return named;
  if (process.platform === "darwin") return "open";
  return given(env["DISPLAY"]) || given(env["WAYLAND_DISPLAY"]) ? "xdg-open" : undefined;
}
