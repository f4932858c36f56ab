/** The set-up link carries its token after the `#`, which browsers do not send to any host. */

/** The token of `#t=…`; undefined when there is none. */
export function tokenOf(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("t");
  return token === null || token === "" ? undefined : token;
}

/** Takes a spent token out of the address and the history: it opens nothing, and looks as if it did. */
export function dropToken(): void {
  if (tokenOf(window.location.hash) !== undefined) window.history.replaceState(null, "", window.location.pathname);
}

export type SetupTrouble = "no_token" | "token_dead" | "token_unknown" | "done";

/** What an answer says about the link itself, as opposed to the form; undefined when the link is not the matter. */
export function linkTrouble(code: string): SetupTrouble | undefined {
  if (code === "setup_token_invalid") return "token_dead";
  if (code === "setup_token_unknown") return "token_unknown";
  if (code === "setup_done") return "done";
  return undefined;
}
