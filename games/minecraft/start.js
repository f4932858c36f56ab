/**
 * Starts the server with what V8 compiled when the image was made. Node keeps one compile cache per user, and every
 * server runs as a user of its own: a link with that user's number leads to the cache in the image.
 */
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { enableCompileCache } from "node:module";

const baked = "/app/compile-cache";
const links = "/tmp/compile-cache";

try {
  mkdirSync(links, { recursive: true });
  for (const name of readdirSync(baked))
    symlinkSync(`${baked}/${name}`, `${links}/${name.replace(/\d+$/, process.getuid())}`);
} catch {
  // There already (a restarted container keeps /tmp on some hosts), or not to be had: slower, nothing else.
}
enableCompileCache(links);
await import("./src/main.ts");
