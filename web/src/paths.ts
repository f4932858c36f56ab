/** Every address inside the dashboard. */
export const paths = {
  servers: "/",
  trash: "/trash",
  newServer: "/servers/new",
  newServerOf: (game: string) => `/servers/new/${encodeURIComponent(game)}`,
  server: (id: string) => `/servers/${encodeURIComponent(id)}`,
  serverSettings: (id: string) => `/servers/${encodeURIComponent(id)}/settings`,
  games: "/games",
  game: (id: string) => `/games/${encodeURIComponent(id)}`,
  gameTemplate: (id: string) => `/games/${encodeURIComponent(id)}/template`,
  newGame: "/games/new",
  newGameFrom: (id: string) => `/games/new?copy=${encodeURIComponent(id)}`,
  nodes: "/nodes",
  signIn: "/sign-in",
  setUp: "/setup",
  apiDocs: "/docs",
} as const;

/** Where to go after signing in: only a path of this dashboard, never another host. */
export const safeNext = (next: string | null): string =>
  next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith(paths.signIn) ? next : paths.servers;
