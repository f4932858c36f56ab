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

/** How deep a hibernated server sleeps: `held` keeps its network holder, `cold` keeps only its files. */
export const tiers = ["held", "cold"] as const;
export type Tier = (typeof tiers)[number];

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
  /** A player's packet waits at the door. */
  knock: boolean;
  /** Empty for at least its idle time. */
  idle: boolean;
  /** Asleep at `held` for longer than the node keeps holders. */
  deepen: boolean;
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
 * - `sleep`    drain, save, stop the game, keep the holder
 * - `deepen`   remove game container and holder, keep the files
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

const asleep = (f: Facts): Action => {
  if (wakes(f)) return "start";
  if (f.tier !== "cold" && (f.deepen || (f.kick?.kind === "hibernate" && f.kick.tier === "cold"))) return "deepen";
  return f.update ? "update" : "none";
};
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
    hibernated: always("start"),
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
    hibernated: always("stop"),
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
    hibernated: always("remove"),
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

const calm = { knock: false, idle: false, deepen: false, holderLost: false, retry: false, update: false, kick: null };

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
