/** Events as the API shows them. */
import { z } from "zod";
import type { Event } from "../platform/events/events.ts";

/** What every list of events answers; the subject is in the path that was asked. */
export const eventShape = {
  id: z.string(),
  seq: z.number().int(),
  at: z.number().int().describe("UTC milliseconds, on the clock of where it happened."),
  kind: z.string(),
  cause: z.record(z.string(), z.unknown()).nullable(),
  data: z.record(z.string(), z.unknown()),
};

export const presentEvent = ({ id, seq, at, kind, cause, data }: Event) => ({ id, seq, at, kind, cause, data });
