/** The operations of the agent's API. They translate and decide nothing. */
import { AppError, frameBytesMax, type KickKind } from "@playspawn/shared";
import type { z } from "zod";
import type { Supervisor } from "../servers/supervisor.ts";
import type { Core } from "./core.ts";
import { operation, type Operation } from "./operation.ts";
import {
  Claim,
  Claimed,
  CloseQuery,
  ContextParams,
  Deploy,
  Deployed,
  KeepAwake,
  Kicked,
  KeptAwake,
  LogsQuery,
  Removed,
  RemoveQuery,
  Report,
  ServerParams,
  SessionParams,
  Stats,
} from "./schema.ts";

const frames = "application/x-ndjson";
/** A batch, and the frame that made it full. */
const batchBytesMax = 2 * frameBytesMax + 1024;

function requireServer({ registry }: Core, id: string): Supervisor {
  const found = registry.get(id);
  if (found) return found;
  throw new AppError("not_found", `This node does not know the server ${id}.`);
}

function requireDriven({ driven }: Core): NonNullable<Core["driven"]> {
  if (driven) return driven;
  throw new AppError("conflict", "This node has joined a control plane, which decides what is here. Ask it there.");
}

function kick(core: Core, id: string, kind: KickKind): { status: number; body: z.infer<typeof Kicked> } {
  const server = requireServer(core, id);
  const { want } = server.desired;
  const refused = want === "stopped" || want === "absent" || (want === "running" && kind === "hibernate");
  if (refused) throw new AppError("conflict", `The server ${id} is set to ${want}, so it cannot be told to ${kind}.`);
  server.ask(kind);
  return { status: 202, body: { server_id: id, status: server.status().state } };
}

const life: Operation[] = [
  operation({
    name: "deploy",
    method: "post",
    path: "/deploy",
    tag: "servers",
    summary: "Deploy a game server, or change one",
    description:
      "Refused with 409 on a node whose control plane decides. 201: its containers are there. 202: they are still being made; ask again with the same body and the `server_id` of the answer. What could not be deployed leaves nothing behind but the files it found.",
    body: Deploy,
    answers: { 201: Deployed, 202: Deployed },
    handle: async (core, { body, signal }) => {
      const deployed = await requireDriven(core).local.deploy(body, signal);
      return { status: deployed.game_container_id === null ? 202 : 201, body: deployed };
    },
  }),
  operation({
    name: "wake",
    method: "post",
    path: "/servers/{id}/wake",
    tag: "servers",
    summary: "Wake a server",
    params: ServerParams,
    answers: { 202: Kicked },
    handle: (core, { params: { id } }) => Promise.resolve(kick(core, id, "wake")),
  }),
  operation({
    name: "hibernate",
    method: "post",
    path: "/servers/{id}/hibernate",
    tag: "servers",
    summary: "Save a server and put it to sleep",
    params: ServerParams,
    answers: { 202: Kicked },
    handle: (core, { params: { id } }) => Promise.resolve(kick(core, id, "hibernate")),
  }),
  operation({
    name: "remove",
    method: "delete",
    path: "/servers/{id}",
    tag: "servers",
    summary: "Delete a server",
    description:
      "Refused with 409 on a node whose control plane decides. 202: it is still being stopped. With `purge`, also of a server that was deleted before and whose files were kept.",
    params: ServerParams,
    query: RemoveQuery,
    answers: { 200: Removed, 202: Removed },
    handle: async (core, { params: { id }, query: { purge }, signal }) => {
      const done = await requireDriven(core).local.remove(id, purge, signal);
      return { status: done ? 200 : 202, body: { server_id: id, status: done ? "deleted" : "deleting" } };
    },
  }),
];

/** Whoever copies the servers' files says so, again and again: what falls asleep meanwhile would be copied half saved. */
const copying: Operation[] = [
  operation({
    name: "keepAwake",
    method: "put",
    path: "/keep-awake",
    tag: "servers",
    summary: "Let no server fall asleep by itself, while their files are copied",
    description: "Who is told to hibernate does so all the same. After six hours in a row servers sleep again.",
    body: KeepAwake,
    answers: { 200: KeptAwake },
    handle: ({ backup }, { body: { seconds } }) =>
      Promise.resolve({ status: 200, body: { seconds: Math.floor(backup.renew(seconds * 1000) / 1000) } }),
  }),
  operation({
    name: "letSleep",
    method: "delete",
    path: "/keep-awake",
    tag: "servers",
    summary: "Their files are copied: servers may sleep again",
    answers: { 204: null },
    handle: ({ backup }) => {
      backup.end();
      return Promise.resolve({ status: 204 });
    },
  }),
];

const reading: Operation[] = [
  operation({
    name: "stats",
    method: "get",
    path: "/servers/{id}/stats",
    tag: "servers",
    summary: "What a server uses now",
    params: ServerParams,
    answers: { 200: Stats },
    handle: async ({ handlers }, { params: { id }, signal }) => ({
      status: 200,
      body: await handlers.stats(id, signal),
    }),
  }),
  operation({
    name: "logs",
    method: "get",
    path: "/servers/{id}/logs",
    tag: "servers",
    summary: "The newest lines of a server's console",
    params: ServerParams,
    query: LogsQuery,
    answers: { 200: "text/plain" },
    handle: async (core, { params: { id }, query: { tail }, signal }) => {
      requireServer(core, id);
      let text = "";
      const lines = core.handlers.logs({ op: "logs", server: id, tail, follow: false }, signal);
      for await (const line of lines) text += `${line}\n`;
      return { status: 200, type: "text/plain; charset=utf-8", body: text };
    },
  }),
  operation({
    name: "report",
    method: "get",
    path: "/servers",
    tag: "servers",
    summary: "Every server of this node and how it is",
    answers: { 200: Report },
    handle: async ({ registry, driven }) => ({
      status: 200,
      body: { controller: driven?.sessions.controller ?? null, servers: registry.report() },
    }),
  }),
];

const driving: Operation[] = [
  operation({
    name: "openSession",
    method: "post",
    path: "/sessions",
    tag: "control plane",
    summary: "Begin to drive this node",
    description:
      "What follows is the agent protocol (docs/agent-protocol.md), its frames one per line. The first control plane that does this keeps the node until it gives it back; another one is refused with 409, and so is a second process of it while the first one polls.",
    body: Claim,
    answers: { 201: Claimed },
    handle: async (core, { body }) => ({
      status: 201,
      body: { session: await requireDriven(core).sessions.open(body) },
    }),
  }),
  operation({
    name: "pollSession",
    method: "get",
    path: "/sessions/{id}/frames",
    tag: "control plane",
    summary: "What the agent says; waits up to 20 s for it",
    description: "Each frame is told once. Whoever leaves before the answer ends the session.",
    params: SessionParams,
    answers: { 200: frames, 204: null },
    handle: async (core, { params: { id }, signal }) => {
      const said = await requireDriven(core).sessions.poll(id, signal);
      return said.length === 0
        ? { status: 204 }
        : { status: 200, type: frames, body: said.map((one) => `${one}\n`).join("") };
    },
  }),
  operation({
    name: "tellSession",
    method: "post",
    path: "/sessions/{id}/frames",
    tag: "control plane",
    summary: "What the control plane says",
    params: SessionParams,
    rawBody: { media: frames, bytesMax: batchBytesMax },
    answers: { 204: null },
    handle: async (core, { params: { id }, body }) => {
      requireDriven(core).sessions.take(id, (body as unknown as string).split("\n").filter(Boolean));
      return { status: 204 };
    },
  }),
  operation({
    name: "closeSession",
    method: "delete",
    path: "/sessions/{id}",
    tag: "control plane",
    summary: "Stop driving this node",
    description: "With the code 4010, a revocation, the node is given back: another control plane may take it.",
    params: SessionParams,
    query: CloseQuery,
    answers: { 204: null },
    handle: async (core, { params: { id }, query: { code } }) => {
      await requireDriven(core).sessions.close(id, code);
      return { status: 204 };
    },
  }),
  operation({
    name: "release",
    method: "delete",
    path: "/controller",
    tag: "control plane",
    summary: "Give this node back to nobody",
    description:
      "For a control plane that is lost, or that revoked the node while it could not be reached. Its servers run on and may be deleted here; then another control plane may take it. One that still lives takes it again at once: revoke the node there.",
    answers: { 204: null },
    handle: async (core) => {
      await requireDriven(core).sessions.release();
      return { status: 204 };
    },
  }),
  operation({
    name: "hasContext",
    method: "get",
    path: "/contexts/{sha256}",
    tag: "control plane",
    summary: "Whether build files are here: 204, or 404",
    params: ContextParams,
    answers: { 204: null },
    handle: async (core, { params: { sha256 } }) => {
      if (await requireDriven(core).contexts.has(sha256)) return { status: 204 };
      throw new AppError("not_found", `The build files ${sha256.slice(0, 12)} are not here.`);
    },
  }),
  operation({
    name: "putContext",
    method: "put",
    path: "/contexts/{sha256}",
    tag: "control plane",
    summary: "Bring build files: a tar whose SHA-256 is in the path",
    params: ContextParams,
    rawBody: { media: "application/x-tar", stream: true },
    answers: { 204: null },
    handle: async (core, { params: { sha256 }, raw, signal }) => {
      await requireDriven(core).contexts.put(sha256, raw, signal);
      return { status: 204 };
    },
  }),
];

export const operations: readonly Operation[] = [...life, ...copying, ...reading, ...driving];
