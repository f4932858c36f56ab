/** What the dashboard reads, and under which key it is remembered. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { mergeServer, mergeServers } from "../lib/patch.ts";
import { withSample, type Sample } from "../lib/stats.ts";
import { isTold } from "../lib/timeline.ts";
import { ports } from "../ports.ts";
import { call } from "./client.ts";
import { ApiError } from "./errors.ts";
import type { Game, Games, Me, NodeEvent, Server, ServerEvent, ServerStats } from "./types.ts";

const pageSize = 100;
const pagesMax = 20;
const eventsShown = 40;
const eventPagesMax = 5;

export const keys = {
  me: ["me"],
  games: ["games"],
  gameSource: (id: string) => ["game-source", id] as const,
  gameFiles: (id: string) => ["game-files", id] as const,
  gameTests: (id: string) => ["game-tests", id],
  servers: ["servers"],
  trash: ["trash"],
  favourites: ["favourites"],
  server: (id: string) => ["server", id],
  events: (id: string) => ["events", id],
  stats: (id: string) => ["stats", id],
  why: (id: string, version: number) => ["why", id, version] as const,
  nodes: ["nodes"],
  nodeEvents: (id: string) => ["node-events", id],
} as const;

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
interface PageQuery {
  limit: number;
  cursor?: string;
}

/** Follows the cursor until the end, `pages` or `enough`. */
async function all<T>(
  read: (query: PageQuery) => Promise<Page<T>>,
  { pages = pagesMax, keep = () => true, enough = Number.POSITIVE_INFINITY }: All<T> = {},
): Promise<T[]> {
  const items: T[] = [];
  let query: PageQuery = { limit: pageSize };
  for (let page = 0; page < pages && items.length < enough; page++) {
    const answer = await read(query);
    items.push(...answer.items.filter(keep));
    if (answer.nextCursor === null) break;
    query = { limit: pageSize, cursor: answer.nextCursor };
  }
  return items;
}

interface All<T> {
  pages?: number;
  keep?: (item: T) => boolean;
  enough?: number;
}

/** Null: nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: keys.me,
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await call("get", "/api/v1/auth/me", {}, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return null;
      throw error;
    }
  },
});

export const gamesQuery = queryOptions({
  queryKey: keys.games,
  queryFn: ({ signal }) => call("get", "/api/v1/games", {}, { signal }),
});

/** Text and files of a template, as they are on the disk. */
export const gameSourceQuery = (id: string) =>
  queryOptions({
    queryKey: keys.gameSource(id),
    queryFn: ({ signal }) => call("get", "/api/v1/games/{id}/source", { path: { id } }, { signal }),
    // A form stands on it: it must not change below the hands of who types.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** The files beside it, whole. */
export const gameFilesQuery = (id: string) =>
  queryOptions({
    queryKey: keys.gameFiles(id),
    queryFn: ({ signal }) => call("get", "/api/v1/games/{id}/files", { path: { id } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });

const testEveryMs = 700;

/** Newest first; read again and again while one runs. */
export const gameTestsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.gameTests(id),
    queryFn: async ({ signal }) => (await call("get", "/api/v1/games/{id}/tests", { path: { id } }, { signal })).items,
    refetchInterval: (query) => (query.state.data?.[0]?.outcome === null ? testEveryMs : false),
  });

/** One game out of the catalogue, which is small and read once. */
export const gameOf = (games: Games | undefined, id: string): Game | undefined =>
  games?.items.find((game) => game.id === id);

// A slow answer must not undo what the live socket said in the meantime.
export const serversQuery = queryOptions({
  queryKey: keys.servers,
  queryFn: ({ signal }) => all((query) => call("get", "/api/v1/servers", { query }, { signal })),
  structuralSharing: (known, fresh) => mergeServers(known as Server[] | undefined, fresh as Server[]),
});

export const trashQuery = queryOptions({
  queryKey: keys.trash,
  queryFn: ({ signal }) =>
    all((query) => call("get", "/api/v1/servers", { query: { ...query, trash: true } }, { signal })),
  structuralSharing: (known, fresh) => mergeServers(known as Server[] | undefined, fresh as Server[]),
});

export const favouritesQuery = queryOptions({
  queryKey: keys.favourites,
  queryFn: async ({ signal }) => (await call("get", "/api/v1/me/favourites", {}, { signal })).items,
});

export const serverQuery = (id: string, client: QueryClient) =>
  queryOptions({
    queryKey: keys.server(id),
    queryFn: ({ signal }) => call("get", "/api/v1/servers/{id}", { path: { id } }, { signal }),
    structuralSharing: (known, fresh) => mergeServer(known as Server | undefined, fresh as Server),
    placeholderData: () => client.getQueryData<Server[]>(keys.servers)?.find((server) => server.id === id),
  });

/** The newest events that people want to read; the others are many and are skipped, within limits. */
export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.events(id),
    queryFn: ({ signal }): Promise<ServerEvent[]> =>
      all((query) => call("get", "/api/v1/servers/{id}/events", { path: { id }, query }, { signal }), {
        pages: eventPagesMax,
        keep: isTold,
        enough: eventsShown,
      }),
  });

export const nodesQuery = queryOptions({
  queryKey: keys.nodes,
  queryFn: ({ signal }) => all((query) => call("get", "/api/v1/nodes", { query }, { signal })),
});

const nodeEventsShown = 20;

/** The newest of them. */
export const nodeEventsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.nodeEvents(id),
    queryFn: async ({ signal }): Promise<NodeEvent[]> =>
      (await call("get", "/api/v1/nodes/{id}/events", { path: { id }, query: { limit: nodeEventsShown } }, { signal }))
        .items,
  });

/** What changes about a server may change its reasons. */
export const whyQuery = ({ id, version }: Pick<Server, "id" | "version">) =>
  queryOptions({
    queryKey: keys.why(id, version),
    gcTime: 0,
    queryFn: ({ signal }) => call("get", "/api/v1/servers/{id}/why", { path: { id } }, { signal }),
  });

const mib = 1024 ** 2;

function networkOf(used: ServerStats): Sample["network"] {
  const { network_in_bytes_per_second: received, network_out_bytes_per_second: sent } = used;
  return received === undefined || sent === undefined ? undefined : { received, sent };
}

/** What a server used in the last minutes: each answer is one sample more, what was not asked for leaves a gap. */
export const statsQuery = (id: string, client: QueryClient) =>
  queryOptions({
    queryKey: keys.stats(id),
    retry: false,
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<Sample[]> => {
      const used = await call("get", "/api/v1/servers/{id}/stats", { path: { id } }, { signal });
      const samples = client.getQueryData<Sample[]>(keys.stats(id)) ?? [];
      // Of a game that does not run yet, or no longer, nothing is measured: all figures are 0.
      if (used.status !== "ready" && used.memory_used_mb === 0) return samples;
      return withSample(samples, {
        at: ports.clock.now(),
        cpuPercent: used.cpu_percent,
        memoryBytes: used.memory_used_mb * mib,
        memoryPercent: used.memory_percent,
        network: networkOf(used),
      });
    },
  });
