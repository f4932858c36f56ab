/** What the dashboard changes. */
import { call } from "./client.ts";
import type { AddNode, CreateServer, GameFile, Server, UpdateServer } from "./types.ts";

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
/** Into the trash; `purge`: for good, at once. */
export const deleteServer = (id: string, purge = false) =>
  call("delete", "/api/v1/servers/{id}", { path: { id }, query: { purge } });
export const restoreServer = (id: string) => call("post", "/api/v1/servers/{id}/restore", { path: { id } });
export const transferServer = (id: string, email: string) =>
  call("post", "/api/v1/servers/{id}/transfer", { path: { id }, body: { email } });
export const setFavourite = (id: string, starred: boolean) =>
  starred
    ? call("put", "/api/v1/servers/{id}/favourite", { path: { id } })
    : call("delete", "/api/v1/servers/{id}/favourite", { path: { id } });
export const takeUpdate = (id: string) => call("post", "/api/v1/servers/{id}/update", { path: { id } });
export const takeUpdateOfGame = (game: string) =>
  call("post", "/api/v1/games/{id}/update-servers", { path: { id: game } });
/** Also takes note of one that was taken back. */
export const cancelUpdate = (id: string) => call("delete", "/api/v1/servers/{id}/update", { path: { id } });

/** It takes the place of the one before; told in this answer only. */
export const makeWakeToken = (id: string) => call("post", "/api/v1/servers/{id}/wake-token", { path: { id } });
export const endWakeToken = (id: string) => call("delete", "/api/v1/servers/{id}/wake-token", { path: { id } });

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

/** Files that are not given are those of `copyOf`. */
export const addGame = (yaml: string, { copyOf, files }: { copyOf: string | null; files: GameFile[] | undefined }) =>
  call("post", "/api/v1/games", { body: { yaml, ...(files ? { files } : copyOf !== null && { copyOf }) } });
/** `files`: all beside it, or they stay. `revision`: that was read before; somebody else's change since then is not overwritten. */
export const editGame = (id: string, yaml: string, files: GameFile[] | undefined, revision: string | null) =>
  call("put", "/api/v1/games/{id}", { path: { id }, body: { yaml, revision, ...(files && { files }) } });
export const deleteGame = (id: string) => call("delete", "/api/v1/games/{id}", { path: { id } });
export const setGameDisabled = (id: string, disabled: boolean) =>
  call("post", disabled ? "/api/v1/games/{id}/disable" : "/api/v1/games/{id}/enable", { path: { id } });
export const testGame = (id: string, variables: NonNullable<CreateServer["variables"]> = {}) =>
  call("post", "/api/v1/games/{id}/test", { path: { id }, body: { variables } });
export const cancelGameTest = (id: string) => call("delete", "/api/v1/games/{id}/test", { path: { id } });
export const refreshGameImage = (id: string) => call("post", "/api/v1/games/{id}/refresh-image", { path: { id } });
export const checkGame = (yaml: string, signal: AbortSignal) =>
  call("post", "/api/v1/games/check", { body: { yaml } }, { signal });
export const reloadGame = (id: string) => call("post", "/api/v1/games/{id}/reload", { path: { id } });
export const reloadGames = () => call("post", "/api/v1/games/reload", {});
export const newJoinToken = () => call("post", "/api/v1/nodes/join-tokens", {});
export const addNode = (body: AddNode) => call("post", "/api/v1/nodes", { body });
export const rotateNodeSecret = (id: string) => call("post", "/api/v1/nodes/{id}/rotate-secret", { path: { id } });
export const revokeNode = (id: string) => call("post", "/api/v1/nodes/{id}/revoke", { path: { id } });
/** `accept`: what runs on the node is what is wanted; otherwise what the database wants is carried out. */
export const endAdoption = (id: string, accept: boolean) =>
  call("post", "/api/v1/nodes/{id}/adopt", { path: { id }, body: { accept } });
