/** A server's stage when its agent comes: what was found, and nothing known besides. */
import type { DesiredServer } from "@playspawn/shared";
import { emptyBaseline } from "../idle/counters.ts";
import { consoles } from "../idle/keep-awake.ts";
import type { Adopted, Found } from "./adoption.ts";
import { life, type KnownHave } from "./life.ts";
import type { Memo } from "./memo.ts";
import type { Stage } from "./stage.ts";
import type { Update } from "./update.ts";
import type { World } from "./world.ts";

interface Parts {
  world: World;
  desired: DesiredServer;
  found: Found;
  state: Adopted;
  memo: Memo;
  update: Update;
}

/** @param onChange as for `life` @param asks what only the supervisor knows */
export function firstStage(
  { world, desired, found, state, memo, update }: Parts,
  onChange: (before: KnownHave | null) => void,
  asks: Pick<Stage, "wakeAgain" | "empty" | "stirred">,
): Stage {
  const { clock } = world.ports;
  const began = found.unit?.game?.exit?.at ?? state.startedAt ?? clock.now();
  const since = found.memory.have === state.have ? found.memory.since : began;
  const cause = found.unit || found.meta ? ({ kind: "adopted" } as const) : null;
  const first = { have: state.have, tier: state.tier, cause, since, players: null, detail: {} };
  return {
    id: desired.id,
    world,
    life: life(clock, first, onChange),
    memo,
    record: desired,
    desired: update.effective(desired),
    update,
    removed: null,
    frozen: state.frozen,
    thawedAt: null,
    stuck: false,
    pressed: null,
    target: "held",
    standing: state.standing,
    startedAt: state.startedAt,
    ended: state.ended,
    cause: { kind: "want" },
    wokenAt: clock.mono(),
    holderLost: state.holderLost,
    portsHad: found.meta ? (found.meta.ports ?? null) : [],
    notice: null,
    consoles: consoles(clock, world.consoleAwakeMs),
    noise: emptyBaseline(),
    seats: 0,
    acceptedBefore: 0,
    ...asks,
  };
}
