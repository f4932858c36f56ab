/** The server's settings, read from the environment once; every fault is told at once. */

const gameModes = ["survival", "creative", "adventure", "spectator"] as const;
const difficulties = ["peaceful", "easy", "normal", "hard"] as const;
const terrains = { flat: "superflat", hills: "diamond_square" } as const;
export const versions = ["1.16.5", "1.18.2", "1.20.1", "1.21.4"] as const;

export interface Settings {
  version: (typeof versions)[number];
  motd: string;
  playersMax: number;
  onlineMode: boolean;
  /** Index into Minecraft's own numbering. */
  gameMode: number;
  difficulty: number;
  viewDistance: number;
  terrain: (typeof terrains)[keyof typeof terrains];
  /** 0 lets the server choose. */
  seed: number;
  everybodyOperator: boolean;
}

/** @throws Error whose message has one line per fault. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const faults: string[] = [];
  const settings = readEach(env, faults);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return settings;
}

function readEach(env: Record<string, string | undefined>, faults: string[]): Settings {
  const choice = <T extends string>(name: string, options: readonly T[], preset: T): T => {
    const value = env[name] ?? preset;
    if (!options.includes(value as T)) faults.push(`${name} must be one of ${options.join(", ")}, not ${value}`);
    return value as T;
  };
  const number = (name: string, min: number, max: number, preset: number): number => {
    const value = Number(env[name] ?? preset);
    if (!Number.isInteger(value) || value < min || value > max) faults.push(`${name} must be ${min} to ${max}`);
    return value;
  };
  const flag = (name: string, preset: boolean): boolean => choice(name, ["true", "false"], `${preset}`) === "true";
  return {
    version: choice("VERSION", versions, "1.16.5"),
    motd: env["MOTD"] ?? "A Playspawn server",
    playersMax: number("MAX_PLAYERS", 1, 100, 10),
    onlineMode: flag("ONLINE_MODE", false),
    gameMode: gameModes.indexOf(choice("GAMEMODE", gameModes, "creative")),
    difficulty: difficulties.indexOf(choice("DIFFICULTY", difficulties, "easy")),
    viewDistance: number("VIEW_DISTANCE", 2, 10, 5),
    terrain: terrains[choice("TERRAIN", Object.keys(terrains) as (keyof typeof terrains)[], "flat")],
    seed: number("SEED", 0, 2 ** 31 - 1, 0),
    everybodyOperator: flag("EVERYBODY_OPERATOR", false),
  };
}
