import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type ProxyOptions } from "vite";

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

export default defineConfig(async ({ command, mode }) => ({
  plugins: [react(), tailwindcss()],
  build: {
    manifest: true,
    sourcemap: false,
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: { input: ["index.html", "setup.html"] },
  },
  server: command === "serve" ? { port: 3000, strictPort: false, proxy: proxyTo(await apiUrl(mode)) } : {},
}));
