/** How news of one server finds its place among what is already known. */

interface Versioned {
  id: string;
  /** Grows with every change; clocks do not count. */
  version: number;
}
interface Sequenced {
  id: string;
  seq: number;
}

/** The newer of two views of one server; the incoming one when they are equally old. */
export const mergeServer = <T extends Versioned>(known: T | undefined, incoming: T): T =>
  known && known.version > incoming.version ? known : incoming;

/** A fresh list decides who is in it; each entry is as new as we know it. */
export function mergeServers<T extends Versioned>(known: readonly T[] | undefined, fresh: readonly T[]): T[] {
  const before = new Map(known?.map((server) => [server.id, server]));
  return fresh.map((server) => mergeServer(before.get(server.id), server));
}

/** Replaces the server in the list, or puts it first when it is new. */
export function patchServers<T extends Versioned>(list: readonly T[], incoming: T): T[] {
  if (!list.some((server) => server.id === incoming.id)) return [incoming, ...list];
  return list.map((server) => (server.id === incoming.id ? mergeServer(server, incoming) : server));
}

export const withoutServer = <T extends { id: string }>(list: readonly T[], id: string): T[] =>
  list.filter((server) => server.id !== id);

/** Newest first, each event once, at most `max`. */
export function prependEvent<T extends Sequenced>(list: readonly T[], event: T, max: number): T[] {
  if (list.some((known) => known.id === event.id)) return [...list];
  return [event, ...list].toSorted((a, b) => b.seq - a.seq).slice(0, max);
}

export const upsertById = <T extends { id: string }>(list: readonly T[], item: T): T[] =>
  list.some((known) => known.id === item.id)
    ? list.map((known) => (known.id === item.id ? item : known))
    : [...list, item];
