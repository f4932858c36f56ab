/** Every deed by its name: the actions of the state table and what a supervisor does on its own account. */
import type { Action } from "@playspawn/shared";
import type { Deed } from "../stage.ts";
import { deepen } from "./deepen.ts";
import { foundDead, look } from "./look.ts";
import { prepare } from "./prepare.ts";
import { restart } from "./restart.ts";
import { sleep } from "./sleep.ts";
import { resume, resumeKnown, start } from "./start.ts";
import { remove, stop } from "./stop.ts";

export type DeedName = Exclude<Action, "cancel" | "wait" | "none"> | "look" | "resume" | "resumeKnown" | "foundDead";

export const deeds: Record<DeedName, Deed> = {
  prepare,
  start,
  sleep,
  deepen,
  restart,
  stop,
  remove,
  look,
  resume,
  resumeKnown,
  foundDead,
};
