/** The health check of a container: ends with 0 where the control plane is ready, wherever its settings let it listen. */
import { join } from "node:path";
import { listenerUrl } from "@playspawn/shared";
import { isHealthy } from "@playspawn/shared/node/health.ts";
import { readConfig } from "./config.ts";

const { host, port, tls } = readConfig(join(import.meta.dirname, "../.."));
const isReady = await isHealthy(`${listenerUrl({ host, port, isSecure: tls !== null })}/readyz`);
process.exitCode = isReady ? 0 : 1;
