/** The server that somebody means. */
import type { Api } from "../api/client.ts";
import { listServers } from "../api/pages.ts";
import type { Server } from "../api/types.ts";
import { pick } from "../pick.ts";

const wholeId = /^srv_[0-9a-z]{20,}$/;

/** By id, name, or the beginning of either; one in the trash by its whole id alone. @throws Failure */
export const findServer = async (api: Api, text: string): Promise<Server> =>
  wholeId.test(text)
    ? await api.call("get", "/api/v1/servers/{id}", { path: { id: text } })
    : pick("server", text, await listServers(api));

/** One in the trash. @throws Failure */
export const findTrashed = async (api: Api, text: string): Promise<Server> =>
  pick("server in the trash", text, await listServers(api, { trash: true }));
