/** What the dashboard changes. */
import { call } from "./client.ts";
import type { CreateServer, Server, UpdateServer } from "./types.ts";

interface Credentials {
  email: string;
  password: string;
}

export const setUp = (body: Credentials & { token: string }) => call("post", "/api/v1/setup", { body });
export const signIn = (body: Credentials) => call("post", "/api/v1/auth/login", { body });
export const signOut = () => call("post", "/api/v1/auth/logout", {});

/** The key makes a repeated request create one server, not two. */
export const createServer = (body: CreateServer, key: string) =>
  call("post", "/api/v1/servers", { body }, { headers: { "idempotency-key": key } });
export const updateServer = (id: string, body: UpdateServer) =>
  call("patch", "/api/v1/servers/{id}", { path: { id }, body });
export const deleteServer = (id: string) => call("delete", "/api/v1/servers/{id}", { path: { id } });

export type Kick = "wake" | "hibernate" | "restart";

export function kickServer(id: string, kick: Kick): Promise<Server> {
  const path = { id };
  switch (kick) {
    case "wake":
      return call("post", "/api/v1/servers/{id}/wake", { path });
    case "hibernate":
      return call("post", "/api/v1/servers/{id}/hibernate", { path, body: {} });
    case "restart":
      return call("post", "/api/v1/servers/{id}/restart", { path });
  }
}

export const reloadGames = () => call("post", "/api/v1/games/reload", {});
export const newJoinToken = () => call("post", "/api/v1/nodes/join-tokens", {});
/** `accept`: what runs on the node is what is wanted; otherwise what the database wants is carried out. */
export const endAdoption = (id: string, accept: boolean) =>
  call("post", "/api/v1/nodes/{id}/adopt", { path: { id }, body: { accept } });
