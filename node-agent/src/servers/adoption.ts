/** What a server is when its agent comes (back) and finds things standing: read, never restarted. Pure. */
import type { Want } from "@playspawn/shared";
import type { Unit } from "../runtime/runtime.ts";
import { looksCrashed } from "./crash.ts";
import type { Meta } from "./files.ts";
import type { KnownHave } from "./life.ts";
import type { Standing } from "./stage.ts";
import type { Memory } from "./state-file.ts";
import type { Tier } from "@playspawn/shared";

export interface Found {
  unit: Unit | null;
  meta: Meta | null;
  memory: Memory;
}

export interface Adopted {
  have: KnownHave;
  tier: Tier | null;
  standing: Standing | null;
  startedAt: number | null;
  /** The game runs: it is not started, at most asked whether it is ready. */
  resume: "ask" | "known" | null;
  /** The game ran when the last agent looked and ended without one. */
  crash: boolean;
  holderLost: boolean;
}

const nothing: Adopted = {
  have: "absent",
  tier: null,
  standing: null,
  startedAt: null,
  resume: null,
  crash: false,
  holderLost: false,
};

export function adopted(want: Want, { unit, meta, memory }: Found): Adopted {
  if (!unit) return fromFiles(want, meta);
  const { holder, game } = unit;
  const startedAt = game?.startedAt ?? null;
  const standing = holder?.running ? { address: holder.address, specHash: game?.specHash ?? null } : null;
  // As after a reboot of the machine: healed by a restart, or by sleeping cold.
  const seen = { ...nothing, standing, startedAt, holderLost: standing === null };
  if (game?.running) {
    if (!standing) return { ...seen, have: "ready" };
    return { ...seen, have: "starting", resume: memory.readyAt >= (startedAt ?? Infinity) ? "known" : "ask" };
  }
  // `clean` is false from before a start until after an orderly stop.
  const crash = game?.exit !== null && game?.exit !== undefined && meta?.clean === false && looksCrashed(game.exit);
  return crash ? { ...seen, have: "failed", crash } : { ...seen, have: "hibernated", tier: "held" };
}

function fromFiles(want: Want, meta: Meta | null): Adopted {
  if (want === "stopped") return { ...nothing, have: "stopped" };
  return meta ? { ...nothing, have: "hibernated", tier: "cold" } : nothing;
}
