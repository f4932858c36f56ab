/** Whose a server is, and who starred it. */
import { AppError, type Server } from "@playspawn/shared";
import type { Deps } from "../deps.ts";
import { refuseDeleted } from "./changes.ts";
import type { Asker } from "./create.ts";
import type { Publisher } from "./publisher.ts";
import type { Records } from "./records.ts";
import { dropWakeToken } from "./wake-token-store.ts";
import { addFavourite, dropFavourite, findAccount, listFavourites } from "./store.ts";

export interface Sharing {
  /** To the team of another account. @throws AppError invalid_request when nobody has this address */
  transfer(asker: Asker, id: string, email: string): Promise<Server>;
  favourites(asker: Asker, ownerId: string | null): Promise<string[]>;
  setFavourite(asker: Asker, id: string, starred: boolean): Promise<void>;
}

export interface SharingDeps extends Deps {
  records: Records;
  publisher: Publisher;
  /** Ends what others than this team and admins still read of the server. */
  endReaders(id: string, ownerId: string): void;
}

export function sharing({ db, ports, records, publisher, endReaders }: SharingDeps): Sharing {
  return {
    async transfer({ userId }, id, email) {
      const account = await findAccount(db, email);
      if (!account) {
        const faults = [{ pointer: "/email", detail: "is not the address of an account here" }];
        throw new AppError("invalid_request", `Nobody here has the address ${email}.`, { faults });
      }
      let before = account.team_id;
      const server = await records.change(id, async (row, _gen, tx) => {
        refuseDeleted(row);
        if (row.owner_id === account.team_id) throw new AppError("conflict", `${row.name} is ${email}'s already.`);
        before = row.owner_id;
        // Whoever knows it was let in by the one before.
        await dropWakeToken(tx, id);
        return { to: { owner_id: account.team_id }, kind: "transferred", data: { by: userId, to: email } };
      });
      publisher.removed({ id, ownerId: before });
      // Admins heard that, too: for them it is still there.
      await publisher.servers([id]);
      endReaders(id, account.team_id);
      return server;
    },
    favourites: ({ userId }, ownerId) => listFavourites(db, userId, ownerId),
    async setFavourite({ userId }, id, starred) {
      if (!starred) return await dropFavourite(db, userId, id);
      await addFavourite(db, { user_id: userId, server_id: id, created_at: ports.clock.now() });
    },
  };
}
