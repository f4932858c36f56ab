/** Which modules are loaded: flying-squid with parts of it replaced. */
import { createRequire } from "node:module";
import type { FlyingSquid, Plugin } from "./flying-squid.ts";

const require = createRequire(import.meta.url);

/** Parts that a server never uses, with what stands in for them; loading them takes a fifth of the boot. */
const unused: Record<string, unknown> = {
  // A client of Minecraft with all of Microsoft's log-in.
  "minecraft-protocol/src/createClient.js": function createClient(): never {
    throw new Error("this server is no client");
  },
  // Checks at every boot that the protocol's own description is well formed.
  "protodef-validator": class {
    addType(): void {}
    validateType(): void {}
    validateProtocol(): void {}
  },
};

/** flying-squid with `plugins` in place of its own of the same name. */
export function loadFlyingSquid(plugins: Record<string, Plugin>): FlyingSquid {
  for (const [name, standIn] of Object.entries(unused)) replace(name, standIn);
  for (const [name, plugin] of Object.entries(plugins)) replace(`flying-squid/src/lib/plugins/${name}.js`, plugin);
  return require("flying-squid") as FlyingSquid;
}

function replace(name: string, exports: unknown): void {
  const filename = require.resolve(name);
  const entry = { id: filename, filename, path: filename, loaded: true, exports, children: [], paths: [] };
  require.cache[filename] = entry as unknown as NodeJS.Module;
}
