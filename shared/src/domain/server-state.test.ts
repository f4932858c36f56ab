import test from "ava";
import {
  type Facts,
  answersKick,
  can,
  decide,
  deeper,
  haves,
  isDeeper,
  isFrozen,
  kickKinds,
  nearestTier,
  stateWord,
  successors,
  tiers,
  wants,
} from "./server-state.ts";

const calm: Facts = {
  want: "auto",
  have: "hibernated",
  tier: "held",
  kick: null,
  knock: false,
  idle: false,
  due: "paused",
  deepening: false,
  holderLost: false,
  retry: false,
  update: false,
};
const flags = [true, false];

/** Every combination of facts there is. */
function* everything(): Generator<Facts> {
  const deep = tiers.map((tier) => ({ kind: "hibernate", tier }) as const);
  const kicks = [null, ...kickKinds.map((kind) => ({ kind })), ...deep];
  for (const want of wants)
    for (const have of haves)
      for (const tier of [null, ...tiers])
        for (const kick of kicks)
          for (const knock of flags)
            for (const idle of flags)
              for (const due of tiers)
                for (const deepening of have === "hibernated" ? flags : [false])
                  for (const holderLost of flags)
                    for (const retry of flags)
                      for (const update of flags)
                        yield { want, have, tier, kick, knock, idle, due, deepening, holderLost, retry, update };
}

test("nothing that is unwanted is ever started", (t) => {
  for (const facts of everything()) {
    if (facts.want !== "stopped" && facts.want !== "absent") continue;
    t.false(["prepare", "start", "sleep", "restart"].includes(decide(facts)), JSON.stringify(facts));
  }
});

test("what runs without being idle, kicked or hurt is left alone", (t) => {
  for (const facts of everything()) {
    if (facts.have !== "ready" || facts.kick || facts.idle || facts.holderLost || facts.update) continue;
    if (facts.want === "auto" || facts.want === "running") t.is(decide(facts), "none", JSON.stringify(facts));
  }
});

test("a knock on a sleeping server always starts it, even when it was about to sleep deeper", (t) => {
  for (const facts of everything())
    if (facts.want === "auto" && facts.have === "hibernated" && facts.knock)
      t.is(decide(facts), facts.deepening ? "cancel" : "start");
});

test("a sleeper goes to the deeper of what is due and what was asked for, and never comes up by itself", (t) => {
  for (const facts of everything()) {
    if (facts.want !== "auto" || facts.have !== "hibernated" || facts.tier === null) continue;
    const goal = deeper(facts);
    t.false(isDeeper(facts.tier, goal), JSON.stringify(facts));
    if (decide(facts) === "deepen") t.true(isDeeper(goal, facts.tier), JSON.stringify(facts));
  }
  t.is(deeper({ tier: "paused", due: "deep", kick: null }), "deep");
  t.is(deeper({ tier: "held", due: "paused", kick: null }), "held");
  t.is(deeper({ tier: "paused", due: "paused", kick: { kind: "hibernate", tier: "cold" } }), "cold");
  t.is(deeper({ tier: null, due: "deep", kick: { kind: "hibernate", tier: "paused" } }), "deep");
  t.is(deeper({ tier: "paused", due: "paused", kick: { kind: "wake", tier: "cold" } }), "paused");
});

test("whatever else is wanted of a sleeper that goes deeper ends that first", (t) => {
  for (const facts of everything()) {
    if (facts.have !== "hibernated" || !facts.deepening) continue;
    const asked = facts.knock || facts.kick?.kind === "wake" || facts.kick?.kind === "restart";
    t.is(decide(facts), facts.want === "auto" && !asked ? "wait" : "cancel", JSON.stringify(facts));
  }
});

test("a tier that cannot be had is skipped for the next deeper one", (t) => {
  t.is(nearestTier("deep", tiers), "deep");
  t.is(nearestTier("deep", ["paused", "held", "cold"]), "held");
  t.is(nearestTier("paused", ["cold"]), "cold");
  t.is(nearestTier("held", []), "cold");
  t.deepEqual(tiers.filter(isFrozen), ["paused", "deep"]);
});

test("a knock while draining cancels the sleep; once the save runs it is waited for", (t) => {
  t.is(decide({ ...calm, have: "draining", knock: true }), "cancel");
  t.is(decide({ ...calm, have: "hibernating", knock: true }), "wait");
});

test("an idle server with somebody at the door does not fall asleep", (t) => {
  t.is(decide({ ...calm, have: "ready", tier: null, idle: true }), "sleep");
  t.is(decide({ ...calm, have: "ready", tier: null, idle: true, knock: true }), "none");
});

test("an idle server that is kicked awake or to restart does not fall asleep, and no sleep answers such a kick", (t) => {
  for (const facts of everything()) {
    if (facts.kick?.kind !== "wake" && facts.kick?.kind !== "restart") continue;
    t.not(decide(facts), "sleep", JSON.stringify(facts));
    t.false(answersKick("sleep", facts.kick.kind) || answersKick("deepen", facts.kick.kind));
  }
  t.is(decide({ ...calm, have: "ready", tier: null, idle: true, kick: { kind: "wake" } }), "none");
  t.is(decide({ ...calm, have: "ready", tier: null, idle: true, kick: { kind: "restart" } }), "restart");
});

test("a lost holder is healed before anybody falls asleep over it, unless sleep was asked for", (t) => {
  t.is(decide({ ...calm, have: "ready", tier: null, idle: true, holderLost: true }), "restart");
  t.is(decide({ ...calm, have: "ready", tier: null, holderLost: true, kick: { kind: "hibernate" } }), "sleep");
});

test("what is under way may always fail", (t) => {
  for (const have of ["preparing", "starting", "draining", "hibernating", "stopping"] as const)
    t.true(successors[have].includes("failed"), have);
});

test("running never sleeps by being idle, and hibernate does not matter to it", (t) => {
  t.is(decide({ ...calm, want: "running", have: "ready", idle: true }), "none");
  t.is(decide({ ...calm, want: "running", have: "ready", kick: { kind: "hibernate" } }), "none");
});

test("a delete in the middle of anything ends in remove", (t) => {
  const ends = haves.filter((have) => have !== "unknown").map((have) => decide({ ...calm, want: "absent", have }));
  t.deepEqual([...new Set(ends)].toSorted(), ["cancel", "remove", "wait"]);
});

test("a crashed server is started again by retry, wake or knock only", (t) => {
  t.is(decide({ ...calm, have: "failed", tier: null }), "none");
  for (const facts of [{ retry: true }, { knock: true }, { kick: { kind: "wake" } as const }])
    t.is(decide({ ...calm, have: "failed", tier: null, ...facts }), "start");
});

test("every state names states that exist as its successors, and none leads back to unknown", (t) => {
  for (const [have, next] of Object.entries(successors)) {
    if (have !== "unknown") t.false(next.includes("unknown"), have);
    t.true(next.every((name) => haves.includes(name)));
  }
});

test("buttons offer what would change something", (t) => {
  t.deepEqual(can({ want: "auto", have: "hibernated", tier: "held" }), {
    wake: true,
    hibernate: false,
    restart: false,
    delete: true,
  });
  t.deepEqual(can({ want: "auto", have: "ready", tier: null }), {
    wake: false,
    hibernate: true,
    restart: true,
    delete: true,
  });
  t.deepEqual(can({ want: "auto", have: "starting", tier: null }), {
    wake: false,
    hibernate: true,
    restart: true,
    delete: true,
  });
  t.deepEqual(can({ want: "auto", have: "failed", tier: null }), {
    wake: true,
    hibernate: false,
    restart: false,
    delete: true,
  });
  t.deepEqual(can({ want: "running", have: "starting", tier: null }), {
    wake: false,
    hibernate: false,
    restart: true,
    delete: true,
  });
  t.deepEqual(can({ want: "absent", have: "ready", tier: null }), {
    wake: false,
    hibernate: false,
    restart: false,
    delete: false,
  });
});

test("a newer version is taken by what sleeps, is off or runs without players, never before somebody who asks", (t) => {
  for (const facts of everything()) {
    const action = decide(facts);
    if (action !== "update") continue;
    t.true(facts.update && facts.want !== "absent", JSON.stringify(facts));
    t.false(facts.knock && facts.want === "auto", JSON.stringify(facts));
    t.true(["ready", "hibernated", "failed", "stopped"].includes(facts.have), JSON.stringify(facts));
  }
  for (const want of ["auto", "running"] as const)
    t.is(decide({ ...calm, want, have: "ready", tier: null, update: true }), "update");
  t.is(decide({ ...calm, update: true }), "update");
  t.is(decide({ ...calm, want: "stopped", have: "stopped", tier: null, update: true }), "update");
  t.is(decide({ ...calm, want: "running", have: "draining", tier: null, update: true }), "wait");
  t.is(decide({ ...calm, want: "running", have: "draining", tier: null, update: true, knock: true }), "cancel");
});

test("people read one word for every state", (t) => {
  for (const have of haves) t.regex(stateWord({ want: "auto", have }), /^[A-Z][a-z]+$/);
  t.is(stateWord({ want: "absent", have: "ready" }), "Deleting");
});
