/** Player counts and names as games report them: whatever a game claims is made fit for a page and a log. */
import type { About, Players } from "@playspawn/shared";

const namesMax = 200;
/** In characters as people count them; one may take two places of the 64 that the protocol has. */
const nameLengthMax = 32;
/** No game of ours holds so many; a larger figure is a broken or hostile answer. */
const playersMax = 100_000;

/** @throws Error when that many cannot be playing. Some servers boast with the room they have: `max` is only cut. */
export function playersOf(online: number, max: number, names: readonly string[]): Players {
  if (!Number.isInteger(online) || online < 0 || online > playersMax)
    throw new Error(`the game says that ${online} play, which cannot be`);
  const room = Number.isInteger(max) ? Math.min(Math.max(max, 0), playersMax) : 0;
  const clean = names.slice(0, namesMax).map(cleanName);
  return clean.length === 0 ? { online, max: room } : { online, max: room, names: clean };
}

// oxlint-disable-next-line no-control-regex -- taking them out is the point
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const cleanName = (name: string): string => [...name.replace(unprintable, "")].slice(0, nameLengthMax).join("");

const aboutLengthMax = 100;

/** What a game says of itself, made fit for the same places; what is empty is left out. */
export function aboutOf(words: Readonly<Record<string, string | number | bigint | undefined>>): About {
  const clean = Object.entries(words).map(([name, word]): [string, string] => {
    const text = String(word ?? "").replace(unprintable, "");
    return [name, [...text].slice(0, aboutLengthMax / 2).join("")];
  });
  return Object.fromEntries(clean.filter(([, text]) => text !== ""));
}
