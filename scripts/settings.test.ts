/** Every variable that a program reads is told to operators, and handed on by the ways to run Playspawn. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { parse } from "yaml";
import { repository } from "./lib/paths.ts";

const text = (path: string): Promise<string> => readFile(join(repository, path), "utf8");

/** Told where testers, developers and older installations look; README is for operators. */
const notInTheTable = ["PLAYSPAWN_FAILPOINT", "PLAYSPAWN_LOCAL_NODE", "PLAYSPAWN_JOIN_TOKEN_FILE", "REDIS_URL"];
/** What has no meaning in a container, or is the same for everybody there. */
const notInCompose: Record<string, string> = {
  PLAYSPAWN_FAILPOINT: "for tests",
  REDIS_URL: "refused",
  PLAYSPAWN_GAMES_DIR: "a folder of the image",
  PLAYSPAWN_DEV_LOGIN: "for developers",
  PLAYSPAWN_JOIN_TOKEN_FILE: "lies in the data folder",
  DOCKER_HOST: "the socket is mounted",
  PLAYSPAWN_ZRAM: "needs the host's block devices",
};
/** Read by Node itself. */
const ofNode = "NODE_EXTRA_CA_CERTS";
/** Of the control plane, beside its port. */
const whereItListens = ["PLAYSPAWN_HOST", "PLAYSPAWN_PUBLIC_URL", "PLAYSPAWN_TLS_CERT_FILE"];
/** The control plane's word for its pair with NODE_URL; the agent's own is PLAYSPAWN_NODE_SECRET. */
const notForTheAgent = ["NODE_SECRET"];

/** The keys of the schema, as they stand in the source. */
async function settingsOf(program: string): Promise<string[]> {
  const source = await text(`${program}/src/config.ts`);
  const [, schema = ""] = /const Environment = z\.object\(\{\n(.*?)\n\}\);/s.exec(source) ?? [];
  const names = [...schema.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!);
  if (names.length < 10) throw new Error(`The schema of ${program} was not found.`);
  return names;
}

interface Service {
  environment?: Record<string, string | null>;
}

/** @throws where a key stands twice, which Compose 2 refuses */
const composed = async (): Promise<Record<string, Service>> =>
  (parse(await text("docker-compose.yml"), { merge: true }) as { services: Record<string, Service> }).services;

test("README's table names every setting of every program, and none that is not one", async (t) => {
  const readme = await text("README.md");
  const [, table = ""] = /^\| variable \|.*?\n\| ---.*?\n(.*?)\n\n/ms.exec(readme) ?? [];
  const told = table
    .split("\n")
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const read = new Set([...(await settingsOf("control-plane")), ...(await settingsOf("node-agent"))]);
  for (const name of notInTheTable) t.true(read.delete(name), `${name} is no setting any more`);
  t.deepEqual([...new Set(told)].toSorted(), [...read].toSorted());
});

for (const [program, service] of [
  ["control-plane", "control-plane"],
  ["node-agent", "agent"],
] as const)
  test(`compose hands every setting to the ${service}, and none that it does not read`, async (t) => {
    const given = Object.keys((await composed())[service]!.environment!);
    const skipped = [...Object.keys(notInCompose), ...(service === "agent" ? notForTheAgent : [])];
    const read = (await settingsOf(program)).filter((name) => !skipped.includes(name));
    // The agent finds its control plane by where that listens.
    t.deepEqual(given.toSorted(), [...read, ofNode, ...(service === "agent" ? whereItListens : [])].toSorted());
  });

test(".env.example shows every setting of Compose, and none that nobody takes", async (t) => {
  const example = await text(".env.example");
  const shown = new Set([...example.matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name!));
  const services = Object.values(await composed());
  const constant = ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "PLAYSPAWN_LOCAL_NODE"];
  const taken = services.flatMap(({ environment }) => Object.keys(environment ?? {}));
  const interpolated = [...(await text("docker-compose.yml")).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!);
  const all = new Set([...taken, ...interpolated].filter((name) => !constant.includes(name)));
  t.deepEqual([...shown].toSorted(), [...all].toSorted());
});
