/** What the imitation is asked and what it answers. */
import type { ServerResponse } from "node:http";
import type { Server } from "../api/types.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

export interface Input {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  signedIn: boolean;
  response: ServerResponse;
}

export interface Answer {
  status: number;
  type?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export type Handler = (world: World, input: Input, id: string) => Answer | undefined | Promise<Answer | undefined>;
/** Method, path behind `/api/v1`, and who answers. */
export type Route = [string, RegExp, Handler];

export const page = <T>(items: T[]): { items: T[]; nextCursor: null } => ({ items, nextCursor: null });
export const ok = (body: unknown): Answer => ({ status: 200, body });

export const serverOf = (world: World, id: string): Server => {
  const server = world.servers.get(id);
  if (!server) throw new Refusal("not_found", `There is no server ${id}, or you may not see it.`);
  return server;
};
