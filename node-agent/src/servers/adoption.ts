/** What a server is when its agent comes (back) and finds things standing: read, never restarted. Pure. */
import { isFrozen, type Tier, type Want } from "@playspawn/shared";
import type { Exit, Unit } from "../runtime/runtime.ts";
import { looksCrashed } from "./crash.ts";
import type { DeedName } from "./deeds/deeds.ts";
import type { Meta } from "./files.ts";
import type { KnownHave } from "./life.ts";
import type { Standing } from "./stage.ts";
import type { Memory } from "./state-file.ts";

export interface Found {
  unit: Unit | null;
  meta: Meta | null;
  memory: Memory;
}

export interface Adopted {
  have: KnownHave;
  tier: Tier | null;
  standing: Standing | null;
  /** Of a run that is on, or that is to be put away. */
  startedAt: number | null;
  /** How the run ended that is to be put away; null when there is none. */
  ended: Exit | null;
  /** What comes before the state table is asked: a game that runs is never started, one that ended is put away. */
  first: Extract<DeedName, "resume" | "resumeKnown" | "foundEnded"> | null;
  holderLost: boolean;
  /** Its game is paused. */
  frozen: boolean;
}

const nothing: Adopted = {
  have: "absent",
  tier: null,
  standing: null,
  startedAt: null,
  ended: null,
  first: null,
  holderLost: false,
  frozen: false,
};

export function adopted(want: Want, { unit, meta, memory }: Found): Adopted {
  if (!unit) return fromFiles(want, meta);
  const { holder, game } = unit;
  const standing = holder?.running ? { address: holder.address, specHash: game?.specHash ?? null } : null;
  // As after a reboot of the machine: healed by a restart, or by sleeping cold.
  const seen = { ...nothing, standing, holderLost: standing === null };
  const asleep = { ...seen, have: "hibernated", tier: "held" } as const;
  if (!game) return asleep;
  const { startedAt, exit } = game;
  const wasReady = memory.have === "ready" && memory.since >= (startedAt ?? Infinity);
  if (game.paused) return { ...asleep, startedAt, frozen: true, tier: memory.tier === "deep" ? "deep" : "paused" };
  if (game.running) return { ...seen, startedAt, ...running(standing, wasReady) };
  // `clean` is false from before a start until after an orderly stop.
  if (!exit || meta?.clean !== false) return asleep;
  // One that was frozen was saved before: that its process died since is no crash.
  const wasFrozen = memory.have === "hibernated" && isFrozen(memory.tier);
  const state = !wasFrozen && isDown(exit, memory) ? ({ ...seen, have: "failed" } as const) : asleep;
  return { ...state, startedAt, ended: exit, first: "foundEnded" };
}

function running(standing: Standing | null, wasReady: boolean): Pick<Adopted, "have" | "first"> {
  if (!standing) return { have: "ready", first: null };
  return { have: "starting", first: wasReady ? "resumeKnown" : "resume" };
}

/** It crashed; unless an agent saw that end and it was put to sleep since, which leaves no failures. */
const isDown = (exit: Exit, { seenExit, failures }: Memory): boolean =>
  looksCrashed(exit) && (exit.at !== seenExit || failures > 0);

function fromFiles(want: Want, meta: Meta | null): Adopted {
  if (want === "stopped") return { ...nothing, have: "stopped" };
  return meta ? { ...nothing, have: "hibernated", tier: "cold" } : nothing;
}
