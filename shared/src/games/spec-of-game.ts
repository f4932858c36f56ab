/** What a server's spec takes over from its game as it stands; the order of the fields is part of the spec's hash. */
import type { Game } from "./game.ts";

export const specOfGame = (game: Game) => ({
  volumes: game.volumes,
  user: game.user,
  profile: game.profile,
  cpu: game.cpu,
  memoryBytes: game.memory,
  readiness: game.readiness,
  stop: game.stop,
  ...(game.save && { save: game.save }),
  ...(game.players && { players: game.players }),
  ...(game.asleep && { asleep: game.asleep }),
  ...(game.sleep && { sleep: game.sleep }),
});
