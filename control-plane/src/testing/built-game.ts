/** The smallest template of a game that is built from its folder. */
export const builtGame = (id: string, name: string): string => `id: ${id}
name: ${name}
description: A game for tests.
image: { build: . }
ports:
  game: { protocol: tcp, container: 4000, public: auto }
cpu: 1
memory: 64M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 30 }
stop: { signal: SIGTERM, limitSeconds: 10 }
`;
