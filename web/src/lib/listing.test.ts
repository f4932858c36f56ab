import test from "ava";
import { readListing, sorted, starredFirst, writeListing, type Listing } from "./listing.ts";

const server = (name: string, online: number | null, createdAt: number) => ({
  id: name,
  name,
  game: "tiny",
  state: "Running" as const,
  players: online === null ? null : { online },
  memoryBytes: 1,
  addresses: [],
  createdAt,
});

test("what is looked at stands in the address, and an address that says nonsense shows everything", (t) => {
  const listing: Listing = { text: "a b", sort: "players", starred: true };
  t.deepEqual(readListing(writeListing(listing)), listing);
  t.is(writeListing({ text: "", sort: "state", starred: false }).toString(), "");
  t.deepEqual(readListing(new URLSearchParams("sort=wat")), { text: "", sort: "state", starred: false });
});

test("servers are put in the order that was asked for", (t) => {
  const all = [server("b 10", 1, 1), server("b 9", null, 3), server("a", 4, 2)];
  const names = (sort: Listing["sort"]): string[] => sorted(all, sort).map(({ name }) => name);
  t.deepEqual(names("state"), ["b 10", "b 9", "a"]);
  t.deepEqual(names("name"), ["a", "b 9", "b 10"]);
  t.deepEqual(names("players"), ["a", "b 10", "b 9"]);
  t.deepEqual(names("newest"), ["b 9", "a", "b 10"]);
});

test("stars come first, and keep their order among themselves", (t) => {
  const all = [server("a", 1, 1), server("b", 2, 2), server("c", 3, 3)];
  t.deepEqual(
    starredFirst(all, ["c", "b", "gone"]).map(({ name }) => name),
    ["b", "c", "a"],
  );
});
