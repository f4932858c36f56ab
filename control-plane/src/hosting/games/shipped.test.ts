/** The games in games/: each loads, and what its image or program is known for is what its template says. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AppError, type Game, type ServerSpec } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { candidates, choiceOf, portGroups } from "../servers/ports.ts";
import { loadGames, type Loaded } from "./load.ts";
import { publicPortsOf, resolveSpec, resolveVariables } from "./resolve.ts";

const gamesDir = fileURLToPath(new URL("../../../../games/", import.meta.url));

async function shipped(t: ExecutionContext): Promise<Loaded> {
  const contextsDir = await mkdtemp(join(tmpdir(), "playspawn-contexts-"));
  t.teardown(() => rm(contextsDir, { recursive: true, force: true }));
  return await loadGames({ gamesDir, ownDir: join(contextsDir, "none"), contextsDir });
}

test("every game in games/ loads without a fault, with a picture of its own, and says whether it was tried", async (t) => {
  const { games, faults } = await shipped(t);
  t.deepEqual(faults, []);
  for (const [id, { game, logo, context }] of games) {
    t.truthy(logo, id);
    t.is(game.status?.state, context === null ? "untried" : "tried", `${id}: what is built here is run by the tests`);
  }
});

interface Known {
  /** Where these facts come from. */
  source: string;
  image: string;
  /** `<protocol> <in the container> <how it is public>`, in the order that players see. */
  ports: string[];
  volumes: string[];
  /** Signal, or what is typed or sent. */
  stop: string;
  save?: string;
  players?: string;
  user?: string;
}

const compose = "the image's README";
const panels = "research panels.md 4.4";

/** Facts of the images, not of our files: a change here needs a look at its source. */
const known: Record<string, Known> = {
  luanti: {
    source: "minetest.conf.example of Debian's minetest 5.6.1",
    image: "build",
    ports: ["udp 30000 auto", "tcp 30001 none"],
    volumes: ["/data"],
    stop: "SIGTERM",
    players: "http",
  },
  minecraft: {
    source: "games/minecraft",
    image: "build",
    ports: ["tcp 25565 auto"],
    volumes: ["/data"],
    stop: "stop",
    save: "save",
    players: "minecraft",
  },
  "minecraft-bedrock": {
    source: `${compose}: ports, volumes; bedrock-entry.sh: becomes the owner of /data, hands SIGTERM on as "stop"`,
    image: "itzg/minecraft-bedrock-server",
    ports: ["udp 19132 auto"],
    volumes: ["/data"],
    stop: "SIGTERM",
    players: "raknet",
  },
  "minecraft-java": {
    source: `mission.md; docs/variables.md of the image: UID 1000, RCON_PORT 25575; ${panels}`,
    image: "itzg/minecraft-server",
    ports: ["tcp 25565 auto", "tcp 25575 none"],
    volumes: ["/data"],
    user: "1000:1000",
    stop: "rcon stop",
    save: "rcon save-all flush",
    players: "minecraft",
  },
  openarena: {
    source: "Debian's openarena-server 0.8.8",
    image: "build",
    ports: ["udp 27960 auto"],
    volumes: ["/data"],
    stop: "SIGTERM",
    players: "quake3",
  },
  teeworlds: {
    source: "Debian's teeworlds-server 0.7.5",
    image: "build",
    ports: ["udp 8303 auto"],
    volumes: ["/data"],
    stop: "SIGTERM",
    players: "teeworlds",
  },
  terraria: {
    source: `mission.md; Dockerfile of Pryaxis/TShock: volumes, port; ${panels}: exit`,
    image: "ghcr.io/pryaxis/tshock",
    ports: ["tcp 7777 auto"],
    volumes: ["/tshock", "/worlds", "/plugins"],
    stop: "exit",
  },
  factorio: {
    source: "mission.md: uid 845, RCON; docker/Dockerfile of factoriotools/factorio-docker: PORT, RCON_PORT, volume",
    image: "factoriotools/factorio",
    ports: ["udp 34197 auto", "tcp 27015 none"],
    volumes: ["/factorio"],
    user: "845:845",
    stop: "SIGTERM",
    save: "rcon /server-save",
    players: "rcon /players online",
  },
  valheim: {
    source: `mission.md: udp 2456-2457; ${compose}: SERVER_PORT, query at the port after it, /config and /opt/valheim`,
    image: "lloesche/valheim-server",
    ports: ["udp public auto SERVER_PORT", "udp public game+1"],
    volumes: ["/config", "/opt/valheim"],
    stop: "SIGTERM",
    players: "a2s",
  },
  satisfactory: {
    source: `mission.md: 7777 udp and tcp, 8888 tcp; ${compose}: SERVERGAMEPORT, SERVERMESSAGINGPORT, PUID 1000`,
    image: "wolveix/satisfactory-server",
    ports: ["udp public auto SERVERGAMEPORT", "tcp public game+0", "tcp public auto SERVERMESSAGINGPORT"],
    volumes: ["/config"],
    user: "1000:1000",
    stop: "SIGTERM",
  },
  rust: {
    source: `${compose} and start_rust.sh of Didstopia/rust-server: ports, /steamcmd/rust, SIGTERM ends it over its console`,
    image: "didstopia/rust-server",
    ports: [
      "udp public auto RUST_SERVER_PORT",
      "udp public game+1 RUST_SERVER_QUERYPORT",
      "tcp 28016 none",
      "tcp public game+0 RUST_APP_PORT",
    ],
    volumes: ["/steamcmd/rust"],
    user: "1000:1000",
    stop: "SIGTERM",
    players: "a2s",
  },
  "counter-strike-2": {
    source: `${compose} of joedwards32/CS2: 27015 udp and tcp as CS2_PORT, 27020 as TV_PORT, uid 1000; ${panels}`,
    image: "joedwards32/cs2",
    ports: ["udp public auto CS2_PORT", "tcp public game+0", "udp public auto TV_PORT when TV_ENABLE"],
    volumes: ["/home/steam/cs2-dedicated"],
    user: "1000:1000",
    stop: "SIGTERM",
    players: "a2s",
  },
  palworld: {
    source: `server-settings.md and init.sh of thijsvanloef/palworld-server-docker: PORT, QUERY_PORT, RCON_PORT; ${panels}`,
    image: "thijsvanloef/palworld-server-docker",
    ports: ["udp public auto PORT", "udp public auto QUERY_PORT", "tcp 25575 none"],
    volumes: ["/palworld"],
    user: "1000:1000",
    stop: "SIGTERM",
    save: "rcon Save",
    players: "rcon ShowPlayers",
  },
  "project-zomboid": {
    source: `docker-compose.yml and .env.template of Danixu/project-zomboid-server-docker: PORT, UDPPORT; ${panels}: quit`,
    image: "danixu86/project-zomboid-dedicated-server",
    ports: ["udp public auto PORT", "udp public game+1 UDPPORT"],
    volumes: ["/home/steam/Zomboid", "/home/steam/pz-dedicated/steamapps/workshop"],
    user: "1000:1000",
    stop: "quit",
    players: "a2s",
  },
  "seven-days-to-die": {
    source: `docs/parameters.md of vinanrra/Docker-7DaysToDie: ports, volumes; gamedig 5.3.3: query at the port after it`,
    image: "vinanrra/7dtd-server",
    ports: ["udp 26900 auto", "tcp 26900 game+0", "udp 26901 game+1", "udp 26902 game+2"],
    volumes: [
      "/home/sdtdserver/.local/share/7DaysToDie",
      "/home/sdtdserver/serverfiles",
      "/home/sdtdserver/lgsm/config-lgsm/sdtdserver",
      "/home/sdtdserver/log",
    ],
    user: "1000:1000",
    stop: "SIGTERM",
    players: "a2s",
  },
};

const portWords = ({ protocol, container, public: where, env, when }: Game["ports"][string]): string => {
  const place = typeof where === "string" ? where : `${where.of}+${where.offset}`;
  return [protocol, container, place, env ?? [], when === undefined ? [] : `when ${when}`].flat().join(" ");
};

const orderWords = (rule: Game["stop"] | NonNullable<Game["save"]>): string =>
  "signal" in rule ? rule.signal : "stdin" in rule ? rule.stdin : `rcon ${rule.rcon.command}`;

const factsOf = (game: Game): Omit<Known, "source"> => ({
  image: "ref" in game.image ? game.image.ref.replace(/:[^/:]*$/, "") : "build",
  ports: Object.values(game.ports).map(portWords),
  volumes: Object.values(game.volumes),
  stop: orderWords(game.stop),
  ...(game.save && { save: orderWords(game.save) }),
  ...(game.players && { players: "query" in game.players ? game.players.query : `rcon ${game.players.rcon.command}` }),
  ...(game.user !== "auto" && { user: game.user }),
});

test("ports, volumes, users and ends of every game are those of its image", async (t) => {
  const { games } = await shipped(t);
  t.deepEqual([...games.keys()].sort(), Object.keys(known).sort());
  for (const [id, { source, ...facts }] of Object.entries(known))
    t.deepEqual(factsOf(games.get(id)!.game), facts, `${id}, see ${source}`);
});

async function specOf(t: ExecutionContext, id: string, given: Record<string, unknown> = {}): Promise<ServerSpec> {
  const loaded = (await shipped(t)).games.get(id)!;
  const bases = new Map(publicPortsOf(loaded.game).map(([name], i) => [name, 20_000 + 10 * i]));
  const leased = publicPortsOf(loaded.game).map(([name, { public: where }]) => [
    name,
    typeof where === "string" ? bases.get(name) : bases.get(where.of)! + where.offset,
  ]);
  return resolveSpec(
    loaded,
    resolveVariables(loaded.game, given),
    Object.fromEntries(leased) as Record<string, number>,
  );
}

test("games that announce their ports listen on the ones that players dial, on one number for both protocols", async (t) => {
  const { ports, env } = await specOf(t, "satisfactory");
  t.deepEqual(
    ports.map(({ protocol, container, public: dialled }) => [protocol, container, dialled]),
    [
      ["udp", 20_000, 20_000],
      ["tcp", 20_000, 20_000],
      ["tcp", 20_020, 20_020],
    ],
  );
  t.is(env["SERVERGAMEPORT"], "20000");
  t.is(env["SERVERMESSAGINGPORT"], "20020");
});

test("Steam is asked for updates only when somebody wants that", async (t) => {
  const switches: Record<string, [variable: string, off: string, on: string]> = {
    satisfactory: ["SKIPUPDATE", "true", "false"],
    rust: ["RUST_START_MODE", "2", "0"],
    "seven-days-to-die": ["START_MODE", "1", "3"],
    palworld: ["UPDATE_ON_BOOT", "false", "true"],
    "counter-strike-2": ["UPDATE", "0", "1"],
    valheim: ["UPDATE", "false", "true"],
    "project-zomboid": ["FORCEUPDATE", "", "1"],
  };
  for (const [id, [variable, off, on]] of Object.entries(switches)) {
    t.is((await specOf(t, id)).env[variable], off, id);
    t.is((await specOf(t, id, { [variable]: true })).env[variable], on, id);
  }
});

test("Minecraft is not made for who has not accepted its licence, and Counter-Strike has no port of CSTV without CSTV", async (t) => {
  for (const id of ["minecraft-java", "minecraft-bedrock"]) {
    const refused = await t.throwsAsync<AppError>(specOf(t, id), { instanceOf: AppError });
    t.deepEqual(
      refused!.faults?.map(({ pointer }) => pointer),
      ["/variables/EULA"],
      id,
    );
    t.is((await specOf(t, id, { EULA: true })).env["EULA"], "TRUE");
  }
  const names = async (given: object) =>
    (await specOf(t, "counter-strike-2", { ...given })).ports.map(({ name }) => name);
  t.deepEqual(await names({}), ["game", "console"]);
  t.deepEqual(await names({ TV_ENABLE: true }), ["game", "console", "tv"]);
});

test("mods of 7 Days to Die have the switches of their own that its mods_update.sh asks for", async (t) => {
  const { variables } = (await shipped(t)).games.get("seven-days-to-die")!.game;
  for (const mod of ["ALLOC_FIXES", "CPM", "UNDEAD_LEGACY", "DARKNESS_FALLS", "ENZOMBIES", "BEPINEX"])
    t.true(Object.hasOwn(variables, mod) && Object.hasOwn(variables, `${mod}_UPDATE`), mod);
});

test("a game that shows a name of the server has the server's own, unless it says otherwise", async (t) => {
  for (const [id, { game }] of (await shipped(t)).games) {
    const named = Object.values(game.variables).filter(({ default: value }) => value === "A Playspawn server");
    for (const variable of named) t.true(variable.type === "string" && variable.serverName, id);
  }
});

test("Terraria's arguments keep what people typed in one piece and leave out what is empty", async (t) => {
  const { command } = await specOf(t, "terraria", { MOTD: "a -b {{PASSWORD}}", SIZE: "3" });
  t.deepEqual(command?.slice(0, 6), ["-world", "/worlds/world.wld", "-worldname", "world", "-autocreate", "3"]);
  t.is(command?.[command.indexOf("-motd") + 1], "a -b {{PASSWORD}}");
  t.false(command?.includes("-password"));
  t.false(command?.includes("-seed"));
});

test("what follows a port at no distance is leased with it, or neither is", async (t) => {
  const groups = portGroups((await shipped(t)).games.get("seven-days-to-die")!.game);
  const scene = { range: { from: 20_000, to: 20_004 }, rng: fakePorts().rng, limit: 10 };
  const free = (...unavailable: string[]): Record<string, number>[] =>
    candidates(groups, { ...scene, unavailable: new Set(unavailable) }).map(({ group, base }) => choiceOf(group, base));
  t.deepEqual(free("tcp/20000", "udp/20004"), [{ game: 20_001, info: 20_001, query: 20_002, net: 20_003 }]);
  t.deepEqual(free("tcp/20000", "tcp/20001", "udp/20004"), []);
});

test("entrypoints are shell that can be read", async (t) => {
  for (const [id, { game }] of (await shipped(t)).games)
    if (game.entrypoint?.[1] === "-c")
      await t.notThrowsAsync(promisify(execFile)("bash", ["-n", "-c", game.entrypoint[2]!]), id);
});
