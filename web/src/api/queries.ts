/** What the dashboard reads, and under which key it is remembered. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { mergeServer, mergeServers } from "../lib/patch.ts";
import { request } from "./client.ts";
import { ApiError } from "./errors.ts";
import type { Game, Games, Me, Node, Page, Server, ServerEvent } from "./types.ts";

const pageSize = 100;
const pagesMax = 20;
const eventsShown = 50;

export const keys = {
  me: ["me"],
  games: ["games"],
  servers: ["servers"],
  server: (id: string) => ["server", id],
  events: (id: string) => ["events", id],
  nodes: ["nodes"],
} as const;

/** Follows the cursor to the end, at most 2,000 items. */
async function all<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await request<Page<T>>("GET", path, { query: { limit: pageSize, cursor }, signal });
    items.push(...answer.items);
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  return items;
}

/** Null: nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: keys.me,
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await request<Me>("GET", "/auth/me", { signal });
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return null;
      throw error;
    }
  },
});

export const gamesQuery = queryOptions({
  queryKey: keys.games,
  queryFn: ({ signal }) => request<Games>("GET", "/games", { signal }),
});

/** One game out of the catalogue, which is small and read once. */
export const gameOf = (games: Games | undefined, id: string): Game | undefined =>
  games?.items.find((game) => game.id === id);

// A slow answer must not undo what the live socket said in the meantime.
export const serversQuery = queryOptions({
  queryKey: keys.servers,
  queryFn: ({ signal }) => all<Server>("/servers", signal),
  structuralSharing: (known, fresh) => mergeServers(known as Server[] | undefined, fresh as Server[]),
});

export const serverQuery = (id: string, client: QueryClient) =>
  queryOptions({
    queryKey: keys.server(id),
    queryFn: ({ signal }) => request<Server>("GET", `/servers/${id}`, { signal }),
    structuralSharing: (known, fresh) => mergeServer(known as Server | undefined, fresh as Server),
    placeholderData: () => client.getQueryData<Server[]>(keys.servers)?.find((server) => server.id === id),
  });

export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.events(id),
    queryFn: async ({ signal }) =>
      (await request<Page<ServerEvent>>("GET", `/servers/${id}/events`, { query: { limit: eventsShown }, signal }))
        .items,
  });

export const nodesQuery = queryOptions({
  queryKey: keys.nodes,
  queryFn: ({ signal }) => all<Node>("/nodes", signal),
});
