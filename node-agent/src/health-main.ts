/** The health check of a container: ends with 0 where the agent is well. */
import { join } from "node:path";
import { listenerUrl } from "@playspawn/shared";
import { isHealthy } from "@playspawn/shared/node/health.ts";
import { readConfig } from "./config.ts";

const { agentPort: port, agentTls } = readConfig(join(import.meta.dirname, "../.."));
const isWell = await isHealthy(`${listenerUrl({ host: "127.0.0.1", port, isSecure: agentTls !== null })}/health`);
process.exitCode = isWell ? 0 : 1;
