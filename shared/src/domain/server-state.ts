/**
 * A server's life, said once: what may follow what, and which action brings *have* towards *want*.
 * The agent's plan, the buttons of the dashboard and the tests all read these tables.
 */

/** What the control plane asks for. `auto` sleeps and wakes by itself. */
export const wants = ["auto", "running", "stopped", "absent"] as const;
export type Want = (typeof wants)[number];

/** What the node reports. `unknown` is written only by the control plane, when the node is silent. */
export const haves = [
  "absent",
  "preparing",
  "starting",
  "ready",
  "draining",
  "hibernating",
  "hibernated",
  "stopping",
  "stopped",
  "failed",
  "unknown",
] as const;
export type Have = (typeof haves)[number];

/**
 * How deep a hibernated server sleeps, from shallow to deep:
 * - `paused` its processes are frozen, all of its memory stays
 * - `deep`   frozen, its memory moved to swap or to compressed memory
 * - `held`   its game is stopped, its network holder lives
 * - `cold`   only its files are left
 */
export const tiers = ["paused", "deep", "held", "cold"] as const;
export type Tier = (typeof tiers)[number];

/** Whether `a` costs its node less than `b`, and takes longer to wake from. */
export const isDeeper = (a: Tier, b: Tier): boolean => tiers.indexOf(a) > tiers.indexOf(b);
/** Its game is frozen: a wake thaws it and boots nothing. */
export const isFrozen = (tier: Tier | null): boolean => tier === "paused" || tier === "deep";
/** The first tier that is as deep as `wanted` at least and is `able`; `cold` always is: there are always files. */
export const nearestTier = (wanted: Tier, able: readonly Tier[]): Tier =>
  tiers.find((tier) => !isDeeper(wanted, tier) && able.includes(tier)) ?? "cold";

/** One-time pushes that leave `want` alone. */
export const kickKinds = ["wake", "hibernate", "restart"] as const;
export type KickKind = (typeof kickKinds)[number];

/** What a supervisor may report after what. */
export const successors: Record<Have, readonly Have[]> = {
  absent: ["preparing", "stopped"],
  preparing: ["hibernated", "starting", "stopping", "stopped", "failed", "absent"],
  starting: ["ready", "hibernating", "stopping", "failed"],
  ready: ["draining", "stopping", "failed"],
  draining: ["ready", "hibernating", "stopping", "failed"],
  hibernating: ["hibernated", "stopping", "failed"],
  hibernated: ["preparing", "starting", "hibernating", "stopping", "failed"],
  stopping: ["stopped", "absent", "starting", "preparing", "failed"],
  stopped: ["preparing", "starting", "stopping", "hibernated"],
  failed: ["preparing", "starting", "hibernating", "stopping"],
  unknown: haves,
};

/** Everything the decision depends on. */
export interface Facts {
  want: Want;
  have: Have;
  tier: Tier | null;
  /** A kick that was not handled yet, nor is what the action in flight answers. */
  kick: { kind: KickKind; tier?: Tier } | null;
  /** How deep it is to sleep by now; one that sleeps deeper stays there. */
  due: Tier;
  /** It sleeps and is being put deeper. */
  deepening: boolean;
  /** A player's packet waits at the door. */
  knock: boolean;
  /** Empty for at least its idle time. */
  idle: boolean;
  /** The holder is missing although a container depends on it. */
  holderLost: boolean;
  /** After a crash: the back-off is over and tries are left. */
  retry: boolean;
  /** A newer version is ready to be taken, and nobody plays. */
  update: boolean;
}

/**
 * - `prepare`  image, files, holder, container; ends asleep or goes on to `start`
 * - `start`    game up, probed until ready
 * - `sleep`    drain, save, then pause the game or stop it, as deep as it is to sleep at first; the holder stays
 * - `deepen`   a sleeper goes to the tier that `deeper` names
 * - `restart`  save, stop, start
 * - `stop`     save, stop, remove the game container and holder; packets do not wake it
 * - `update`   save, stop, start with the newer version, back to the old one if that fails
 * - `remove`   stop without mercy for what is not saved within its limit, remove everything
 * - `cancel`   end the action in flight at its next safe point
 * - `wait`     an action is in flight, let it finish
 */
export type Action =
  | "prepare"
  | "start"
  | "sleep"
  | "deepen"
  | "restart"
  | "update"
  | "stop"
  | "remove"
  | "cancel"
  | "wait"
  | "none";

const wakes = (f: Facts): boolean => f.knock || f.kick?.kind === "wake" || f.kick?.kind === "restart";

/** The tier that a server is to sleep in, `present` or deeper. */
export function deeper({ tier, due, kick }: Pick<Facts, "tier" | "due" | "kick">): Tier {
  const asked = kick?.kind === "hibernate" ? kick.tier : undefined;
  const wanted = asked !== undefined && isDeeper(asked, due) ? asked : due;
  return tier !== null && isDeeper(tier, wanted) ? tier : wanted;
}

const asleep = (f: Facts): Action => {
  if (f.deepening) return wakes(f) ? "cancel" : "wait";
  if (wakes(f)) return "start";
  if (f.tier !== null && deeper(f) !== f.tier) return "deepen";
  return f.update ? "update" : "none";
};
/** Something else is wanted of a sleeper than to sleep. */
const roused =
  (action: Action) =>
  (f: Facts): Action =>
    f.deepening ? "cancel" : action;
const awake = (f: Facts): Action => {
  if (f.kick?.kind === "restart" || f.holderLost) return "restart";
  return f.update && !wakes(f) ? "update" : "none";
};
/** Who asks for a server now outweighs that nobody played on it until now. */
const awakeAuto = (f: Facts): Action => {
  if (f.kick?.kind === "hibernate") return "sleep";
  const action = awake(f);
  return action === "none" && f.idle && !wakes(f) ? "sleep" : action;
};
/** Who asks for something else calls the boot off: nobody was let in yet. */
const startingAuto = (f: Facts): Action => (f.kick?.kind === "hibernate" ? "cancel" : starting(f));
const starting = (f: Facts): Action => (f.kick?.kind === "restart" ? "cancel" : "wait");
const fallingAsleep = (f: Facts): Action => (wakes(f) ? "cancel" : "wait");
const failedAuto = (f: Facts): Action => {
  if (f.kick?.kind === "hibernate") return "sleep";
  if (wakes(f) || f.retry) return "start";
  return f.update ? "update" : "none";
};
const failedRunning = (f: Facts): Action => {
  if (f.retry || f.kick?.kind === "wake" || f.kick?.kind === "restart") return "start";
  return f.update ? "update" : "none";
};
const always = (action: Action) => (): Action => action;
const wait = always("wait");

type Row = Record<Have, (facts: Facts) => Action>;

const table: Record<Want, Row> = {
  auto: {
    absent: always("prepare"),
    preparing: wait,
    starting: startingAuto,
    ready: awakeAuto,
    draining: fallingAsleep,
    hibernating: wait,
    hibernated: asleep,
    stopping: wait,
    stopped: always("prepare"),
    failed: failedAuto,
    unknown: wait,
  },
  running: {
    absent: always("prepare"),
    preparing: wait,
    starting,
    ready: awake,
    // Drained for an update: it goes on unless somebody comes.
    draining: (f) => (f.update && !wakes(f) ? "wait" : "cancel"),
    hibernating: wait,
    hibernated: roused("start"),
    stopping: wait,
    stopped: always("start"),
    failed: failedRunning,
    unknown: wait,
  },
  stopped: {
    absent: always("stop"),
    preparing: always("cancel"),
    starting: always("cancel"),
    ready: always("stop"),
    draining: wait,
    hibernating: wait,
    hibernated: roused("stop"),
    stopping: wait,
    stopped: (f) => (f.update ? "update" : "none"),
    failed: always("stop"),
    unknown: wait,
  },
  absent: {
    absent: always("remove"),
    preparing: always("cancel"),
    starting: always("cancel"),
    ready: always("remove"),
    draining: always("cancel"),
    hibernating: wait,
    hibernated: roused("remove"),
    stopping: wait,
    stopped: always("remove"),
    failed: always("remove"),
    unknown: wait,
  },
};

/** The one action that brings *have* a step closer to *want*. Pure. */
export const decide = (facts: Facts): Action => table[facts.want][facts.have](facts);

/** The actions that give a kick what it asks for. */
const answers: Record<KickKind, readonly Action[]> = {
  wake: ["start", "restart"],
  restart: ["start", "restart"],
  hibernate: ["sleep", "deepen"],
};
/** Whether a kick of this kind is answered once `action` has ended; an action for another reason leaves it waiting. */
export const answersKick = (action: Action, kind: KickKind): boolean => answers[kind].includes(action);

const calm = {
  knock: false,
  idle: false,
  due: "paused",
  deepening: false,
  holderLost: false,
  retry: false,
  update: false,
  kick: null,
} as const;

/** Whether a kick of this kind would change anything now; drives the buttons. */
function kickMatters(server: { want: Want; have: Have; tier: Tier | null }, kind: KickKind): boolean {
  const kicked = decide({ ...calm, ...server, kick: { kind } });
  return kicked !== "wait" && kicked !== decide({ ...calm, ...server });
}

export interface Can {
  wake: boolean;
  hibernate: boolean;
  restart: boolean;
  delete: boolean;
}

/** What a person may usefully do to a server in this state. */
export function can(server: { want: Want; have: Have; tier: Tier | null }): Can {
  return {
    wake: server.have !== "ready" && kickMatters(server, "wake"),
    // One that has crashed does not run: there is nothing to put to sleep.
    hibernate: server.have !== "failed" && kickMatters(server, "hibernate"),
    // Of one that sleeps or has crashed it is called a wake.
    restart: (server.have === "ready" || server.have === "starting") && kickMatters(server, "restart"),
    delete: server.want !== "absent",
  };
}

/** The six words that people read. */
export const stateWords = ["Deploying", "Running", "Waking", "Asleep", "Stopped", "Crashed"] as const;
export type StateWord = (typeof stateWords)[number] | "Unknown" | "Deleting" | "Trashed";

const words: Record<Have, StateWord> = {
  absent: "Deploying",
  preparing: "Deploying",
  starting: "Waking",
  ready: "Running",
  draining: "Running",
  hibernating: "Running",
  hibernated: "Asleep",
  stopping: "Running",
  stopped: "Stopped",
  failed: "Crashed",
  unknown: "Unknown",
};

export const stateWord = (server: { want: Want; have: Have }): StateWord =>
  server.want === "absent" ? "Deleting" : words[server.have];
