/** What of the list of servers is shown and in which order, as it stands in the address of the page. */
import type { Listed } from "./summary.ts";

export const sorts = ["state", "name", "players", "newest"] as const;
export type Sort = (typeof sorts)[number];
export const sortNames: Record<Sort, string> = {
  state: "By state",
  name: "By name",
  players: "Most players",
  newest: "Newest first",
};

export interface Listing {
  text: string;
  sort: Sort;
  starred: boolean;
}

const isSort = (text: string | null): text is Sort => sorts.includes(text as Sort);

/** What an address does not say, or says wrongly, is as it is by default. */
export function readListing(query: URLSearchParams): Listing {
  const sort = query.get("sort");
  return { text: query.get("q") ?? "", sort: isSort(sort) ? sort : "state", starred: query.has("starred") };
}

/** Only what is not as it is by default. */
export function writeListing({ text, sort, starred }: Listing): URLSearchParams {
  const query = new URLSearchParams();
  if (text !== "") query.set("q", text);
  if (sort !== "state") query.set("sort", sort);
  if (starred) query.set("starred", "");
  return query;
}

interface Sortable extends Listed {
  createdAt: number;
}

const playing = ({ players }: Sortable): number => players?.online ?? -1;

/** Those with a star before the others, within each in the order they had. */
export const starredFirst = <T extends Sortable>(servers: readonly T[], stars: readonly string[]): T[] =>
  servers.toSorted((a, b) => Number(stars.includes(b.id)) - Number(stars.includes(a.id)));

/** In this order; `state` leaves it to the groups. Equals stay as they were. */
export function sorted<T extends Sortable>(servers: readonly T[], sort: Sort): T[] {
  switch (sort) {
    case "state":
      return [...servers];
    case "name":
      return servers.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    case "players":
      return servers.toSorted((a, b) => playing(b) - playing(a));
    case "newest":
      return servers.toSorted((a, b) => b.createdAt - a.createdAt);
  }
}
