import { readFile, readdir } from "node:fs/promises";
import { nodeEnvironment, nodeFlags } from "@playspawn/shared";
import test from "ava";
import { repository } from "../lib/paths.ts";

const units = "deploy/systemd";

test("containers and units start Node as the launcher does", async (t) => {
  const services = (await readdir(`${repository}/${units}`)).filter((name) => name.endsWith(".service"));
  const files = ["control-plane/Dockerfile", "node-agent/Dockerfile", ...services.map((name) => `${units}/${name}`)];
  t.true(files.length >= 5);
  for (const file of files) {
    const text = await readFile(`${repository}/${file}`, "utf8");
    for (const flag of nodeFlags) t.true(text.includes(flag), `${file} lacks ${flag}`);
    for (const [name, value] of Object.entries(nodeEnvironment))
      t.true(text.includes(`${name}=${value}`), `${file} lacks ${name}=${value}`);
  }
  const compose = await readFile(`${repository}/docker-compose.yml`, "utf8");
  for (const [command] of compose.matchAll(/\[node,.*main\.ts\]/g))
    for (const flag of nodeFlags) t.true(command.includes(flag), `docker-compose.yml lacks ${flag}`);
});
