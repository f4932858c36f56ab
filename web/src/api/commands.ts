/** What the dashboard changes. */
import { request } from "./client.ts";
import type { CreateServer, JoinToken, Server, UpdateServer } from "./types.ts";

export interface Credentials {
  email: string;
  password: string;
}

export const setUp = (body: Credentials & { token: string }): Promise<unknown> => request("POST", "/setup", { body });
export const signIn = (body: Credentials): Promise<unknown> => request("POST", "/auth/login", { body });
export const signOut = (): Promise<void> => request("POST", "/auth/logout");

export const createServer = (body: CreateServer, idempotencyKey: string): Promise<Server> =>
  request("POST", "/servers", { body, headers: { "idempotency-key": idempotencyKey } });
export const updateServer = (id: string, body: UpdateServer): Promise<Server> =>
  request("PATCH", `/servers/${id}`, { body });
export const deleteServer = (id: string): Promise<Server> => request("DELETE", `/servers/${id}`);

export type Kick = "wake" | "hibernate" | "restart";
export const kickServer = (id: string, kick: Kick): Promise<Server> => request("POST", `/servers/${id}/${kick}`);

export const reloadGames = (): Promise<unknown> => request("POST", "/games/reload");
export const newJoinToken = (): Promise<JoinToken> => request("POST", "/nodes/join-tokens");
export const acceptAdoption = (id: string): Promise<unknown> =>
  request("POST", `/nodes/${id}/adopt`, { body: { accept: true } });
