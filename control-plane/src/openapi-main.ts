/** Writes `control-plane/openapi.json`, or the file that is named, from the registry of a control plane that is started for a moment in an empty folder. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { createContext } from "./context.ts";
import { openapiDocument } from "./platform/http/openapi.ts";

const folder = await mkdtemp(join(tmpdir(), "playspawn-openapi-"));
try {
  const env = {
    PLAYSPAWN_DATA_DIR: folder,
    PLAYSPAWN_HOST: "127.0.0.1",
    PLAYSPAWN_PORT: "0",
    PLAYSPAWN_WEB_PORT: "0",
    PLAYSPAWN_LOG_LEVEL: "silent",
    PLAYSPAWN_LOCAL_NODE: "0",
  };
  const context = await createContext(readConfig(join(import.meta.dirname, "../.."), env));
  const document = openapiDocument(context.operations);
  await context.close();
  const target = process.argv[2] ?? join(import.meta.dirname, "../openapi.json");
  await writeFile(target, `${JSON.stringify(document, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
