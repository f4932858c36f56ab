/**
 * Games of a given size: Node programs with a heap of small objects, as a script engine or a JVM has them, that answer every
 * connection with what they are sent. What they hold is random in part, so that compressed memory has real work.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = `
const goal = Number(process.env.HEAP_MB) * 2 ** 20;
const world = [];
const noise = () => Math.random().toString(36).slice(2);
while (process.memoryUsage().rss < goal)
  for (let i = 0; i < 1000; i++) world.push({ id: world.length, name: noise(), tags: [noise(), "stone"], at: { x: i, y: 64, z: -i } });
require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => socket.write(data));
}).listen(7000);
process.on("SIGTERM", () => process.exit(0));
`;

const dockerfile = `FROM node:24-bookworm-slim
COPY heap.cjs /app/heap.cjs
ENTRYPOINT ["node", "--max-old-space-size=8192", "/app/heap.cjs"]
`;

const template = (id: string, megabytes: number): string => `id: ${id}
name: Heap of ${megabytes} MB
description: Holds that much and answers what it is sent.
image: { build: . }
ports:
  game: { protocol: tcp, container: 7000, public: auto }
environment: { HEAP_MB: "${megabytes}" }
cpu: 1
memory: ${Math.ceil(megabytes * 1.3) + 64}M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 120 }
stop: { signal: SIGTERM, limitSeconds: 5 }
`;

/** What a game of so many megabytes is called. */
export const heapGame = (megabytes: number): string => `heap-${megabytes}`;

/** A folder of such games, for `PLAYSPAWN_GAMES_DIR`. */
export async function heapGames(sizes: readonly number[]): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-heaps-"));
  for (const megabytes of sizes) {
    const folder = join(dir, heapGame(megabytes));
    await mkdir(folder);
    await writeFile(join(folder, "heap.cjs"), program);
    await writeFile(join(folder, "Dockerfile"), dockerfile);
    await writeFile(join(folder, "game.yaml"), template(heapGame(megabytes), megabytes));
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
