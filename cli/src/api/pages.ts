/** Lists of the API, whole. */
import type { Api } from "./client.ts";
import type { Node, Server } from "./types.ts";

/** As large as the API hands them out. */
const limit = 100;
/** More than any installation has; a cursor that never ends must not be followed for ever. */
const pagesMax = 1000;

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

async function whole<T>(read: (query: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < pagesMax; pages++) {
    const page: Page<T> = await read({ limit, ...(cursor !== null && { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return items;
}

/** @param trash those in the trash instead of the others */
export const listServers = (api: Api, { trash = false } = {}): Promise<Server[]> =>
  whole((query) => api.call("get", "/api/v1/servers", { query: { ...query, trash } }));

export const listNodes = (api: Api): Promise<Node[]> => whole((query) => api.call("get", "/api/v1/nodes", { query }));
