import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin, type ProxyOptions } from "vite";

/** Where `/api` leads while developing: a control plane when PLAYSPAWN_API names one, else the mock. */
async function apiUrl(mode: string): Promise<string> {
  const { PLAYSPAWN_API: named } = loadEnv(mode, import.meta.dirname, "PLAYSPAWN_");
  if (named) return named;
  const { startMock } = await import("./src/mock/server.ts");
  const mock = await startMock({ port: 0 });
  return mock.url;
}

// The control plane compares Origin with its own address, so the proxy speaks as if it were same-site.
const proxyTo = (target: string): Record<string, ProxyOptions> => ({
  "/api": { target, ws: true, changeOrigin: true, headers: { origin: target } },
});

/** Smaller twins (`.br`, `.gz`) beside each text file, once at build time: the control plane serves them as they are. */
function precompressed(): Plugin {
  const worthwhile = /\.(?:js|css|svg|html)$/;
  const bytesMin = 1000;
  return {
    name: "precompressed",
    apply: "build",
    async writeBundle({ dir = "dist" }) {
      for (const entry of await readdir(dir, { recursive: true })) {
        if (!worthwhile.test(entry)) continue;
        const text = await readFile(join(dir, entry));
        if (text.length < bytesMin) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        await writeFile(join(dir, `${entry}.br`), await promisify(brotliCompress)(text, { params }));
        await writeFile(join(dir, `${entry}.gz`), await promisify(gzip)(text, { level: 9 }));
      }
    },
  };
}

export default defineConfig(async ({ command, mode }) => ({
  plugins: [react(), tailwindcss(), precompressed()],
  build: {
    manifest: true,
    sourcemap: false,
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: { input: ["index.html", "setup.html"] },
  },
  server: command === "serve" ? { port: 3000, strictPort: false, proxy: proxyTo(await apiUrl(mode)) } : {},
}));
