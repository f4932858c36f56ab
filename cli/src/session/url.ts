/** The address of a Playspawn, as people type it. */
import { usageFailure } from "../failure.ts";

const local =
  /^(localhost|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|\[::1\]|\[f[cd][\da-f:]*\])$/i;

export const isLocal = (url: string): boolean => local.test(new URL(url).hostname);

/** `play.example.org/` → `https://play.example.org`; near by, plain HTTP is meant. @throws Failure usage */
export function hostUrl(text: string): string {
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text);
  const asHttp = hasScheme ? text : `http://${text}`;
  if (!URL.canParse(asHttp)) throw usageFailure(`${text} is not an address.`, "Write it like https://play.example.org");
  const url = new URL(hasScheme || isLocal(asHttp) ? asHttp : `https://${text}`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw usageFailure(`${text} is no web address.`, "It begins with https:// or http://");
  if (url.username || url.password)
    throw usageFailure("An address must not hold a password.", "Leave it out; playspawn login asks for it.");
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
