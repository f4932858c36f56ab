/** Tells dashboards how servers are now. Always after the commit. */
import type { Server } from "@playspawn/shared";
import type { Event } from "../../platform/events/events.ts";
import type { Catalogue } from "../games/catalogue.ts";
import type { Deps } from "../deps.ts";
import { presentEvent } from "../events.ts";
import type { Meters } from "../meters/meters.ts";
import { presentServer } from "./present.ts";
import { findView, listNodeViews, type ServerView } from "./store.ts";

export interface OwnedServer {
  id: string;
  ownerId: string;
}

export interface Publisher {
  present(row: ServerView): Server;
  servers(ids: Iterable<string>): Promise<void>;
  /** Every server of a node: what is known of them hangs on the node's session. */
  node(nodeId: string): Promise<void>;
  /** Its owner has it no longer. */
  removed(server: OwnedServer): void;
  /** It is no more: its figures go, too. */
  gone(server: OwnedServer): void;
  /** Events of other subjects than servers are for admins. */
  events(events: readonly Event[]): void;
}

interface PublisherDeps extends Pick<Deps, "db" | "bus"> {
  games: Pick<Catalogue, "find">;
  meters: Pick<Meters, "removed">;
}

export function publisher({ db, bus, games, meters }: PublisherDeps): Publisher {
  const present = (row: ServerView): Server => presentServer(row, games.find(row.game));
  // What a self-test of a game makes is in nobody's list.
  const publish = (row: ServerView): void =>
    row.test_id !== null
      ? undefined
      : bus.publish("live", { ownerId: row.owner_id, message: { t: "server", server: present(row) } });
  const removed: Publisher["removed"] = ({ id, ownerId }) =>
    bus.publish("live", { ownerId, message: { t: "server_removed", id } });
  return {
    present,
    async servers(ids) {
      for (const id of new Set(ids)) {
        const row = await findView(db, id);
        if (row) publish(row);
      }
    },
    async node(nodeId) {
      for (const row of await listNodeViews(db, nodeId)) publish(row);
    },
    removed,
    gone(server) {
      removed(server);
      meters.removed(server.id);
    },
    events(events) {
      for (const event of events)
        if (event.subject.kind === "server")
          bus.publish("live", {
            ownerId: event.ownerId,
            message: { t: "event", event: { ...presentEvent(event), serverId: event.subject.id } },
          });
    },
  };
}
