/** Waking a server without an account: a token per server that can do nothing else, for bots, chat commands and home pages. */
import { AppError, newSecret, notFound, type Server } from "@playspawn/shared";
import { transaction, type Db } from "../../platform/db/db.ts";
import { appendEvent } from "../../platform/events/events.ts";
import { createLimiter } from "../../platform/http/rate.ts";
import { hashToken, tokenMatches } from "../../platform/token.ts";
import type { Deps } from "../deps.ts";
import { refuseDeleted } from "./changes.ts";
import type { Publisher } from "./publisher.ts";
import type { Servers } from "./service.ts";
import { findServer, updateServer } from "./store.ts";
import { dropWakeToken, findWakeTokenHash, putWakeToken } from "./wake-token-store.ts";

export interface WakeTokens {
  /** Makes the token, or another in place of the one there was. It is told here once. @throws AppError not_found, conflict */
  replace(asker: { userId: string }, serverId: string): Promise<{ token: string; createdAt: number }>;
  /** Ends it; one that is not there is ended already. */
  end(asker: { userId: string }, serverId: string): Promise<void>;
  /**
   * Wakes the server; one that is awake, or on its way, is left alone.
   * @throws AppError wake_token_invalid, the same for a server that is not there; rate_limited; conflict
   */
  wake(request: { serverId: string; token: string }): Promise<Server>;
}

export interface WakeTokensDeps extends Deps {
  servers: Pick<Servers, "kick" | "read">;
  publisher: Pick<Publisher, "events" | "servers">;
}

/** Of one server, from all sources together. */
const limit = { points: 20, seconds: 60 };

/** Compared with where no token is, so that the time does not tell which servers have one. */
const nobody = hashToken("");

export function wakeTokens({ db, ports, servers, publisher }: WakeTokensDeps): WakeTokens {
  const perServer = createLimiter("wake", limit);
  /** Runs `work` on a server that is there, in one transaction with the event that tells of it. */
  const change = async (
    { userId }: { userId: string },
    id: string,
    kind: string,
    work: (tx: Db) => Promise<boolean>,
  ): Promise<void> => {
    const event = await transaction(db, async (tx) => {
      const row = await findServer(tx, id);
      if (!row) throw notFound("server", id);
      refuseDeleted(row);
      if (!(await work(tx))) return null;
      await updateServer(tx, id, { updated_at: ports.clock.now() });
      const subject = { kind: "server", id };
      return await appendEvent(tx, ports, { ownerId: row.owner_id, subject, kind, cause: null, data: { by: userId } });
    });
    if (!event) return;
    await publisher.servers([id]);
    publisher.events([event]);
  };
  return {
    async replace(asker, serverId) {
      const token = newSecret(ports.rng);
      const row = { server_id: serverId, token_hash: hashToken(token), created_at: ports.clock.now() };
      await change(asker, serverId, "wake_token_made", async (tx) => {
        await putWakeToken(tx, row);
        return true;
      });
      return { token, createdAt: row.created_at };
    },
    end: (asker, serverId) => change(asker, serverId, "wake_token_ended", (tx) => dropWakeToken(tx, serverId)),
    async wake({ serverId, token }) {
      const hash = await findWakeTokenHash(db, serverId);
      if (!tokenMatches(token, hash ?? nobody) || hash === undefined) throw unknown();
      // Only those who know the token count, so that a stranger's tries lock nobody out.
      await perServer.take(serverId);
      const server = await servers.read(serverId).catch(hideMissing);
      const awake = server.have === "ready" || server.have === "starting";
      return awake ? server : await servers.kick("webhook", serverId, "wake");
    },
  };
}

const unknown = (): AppError =>
  new AppError(
    "wake_token_invalid",
    "This server and this wake token do not belong together. Its owner can make a new token.",
  );

/** A server that was removed while its token stayed. */
function hideMissing(error: unknown): never {
  throw error instanceof AppError && error.code === "not_found" ? unknown() : error;
}
