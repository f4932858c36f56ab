/** Player files are written one after the other per player, and a stop can wait until the last is written. */
import type { Server } from "./flying-squid.ts";

export interface PlayerFiles {
  /** Everyone who plays is saved, and who left is saved too. Answers how many play. */
  save(): Promise<number>;
}

export function keepPlayers(server: Server): PlayerFiles {
  const writing = new Map<string, Promise<void>>();
  server.on("newPlayer", (player) => {
    const write = player.save.bind(player);
    player.save = () => {
      const next = (writing.get(player.uuid) ?? Promise.resolve()).catch(() => {}).then(write);
      writing.set(player.uuid, next);
      return next;
    };
  });
  return {
    async save() {
      await Promise.all(server.players.map((player) => player.save()));
      const before = [...writing];
      await Promise.all(before.map(([, written]) => written));
      for (const [uuid, written] of before) if (writing.get(uuid) === written) writing.delete(uuid);
      return server.players.length;
    },
  };
}
