/** Every deed by its name: the actions of the state table and what a supervisor does on its own account. */
import type { Action } from "@playspawn/shared";
import type { Deed } from "../stage.ts";
import { deepen } from "./deepen.ts";
import { foundEnded } from "./found-ended.ts";
import { look } from "./look.ts";
import { prepare } from "./prepare.ts";
import { restart } from "./restart.ts";
import { resume, resumeKnown } from "./resume.ts";
import { sleep } from "./sleep.ts";
import { start } from "./start.ts";
import { remove, stop } from "./stop.ts";
import { update } from "./update.ts";

export type DeedName = Exclude<Action, "cancel" | "wait" | "none"> | "look" | "resume" | "resumeKnown" | "foundEnded";

export const deeds: Record<DeedName, Deed> = {
  prepare,
  start,
  sleep,
  deepen,
  restart,
  update,
  stop,
  remove,
  look,
  resume,
  resumeKnown,
  foundEnded,
};
