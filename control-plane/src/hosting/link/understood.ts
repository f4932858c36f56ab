/** What an older agent could not take in is left out of what it is sent: a word that is new in a list ends a connection. Pure. */
import {
  firstAnswer,
  type Capabilities,
  type ControlFrame,
  type DesiredServer,
  type ServerSpec,
} from "@playspawn/shared";
import type { z } from "zod";

type Can = z.infer<typeof Capabilities>;

/** @param can what the agent named in its `hello` */
export function understood(frame: ControlFrame, can: Can): ControlFrame {
  if (can["answers"] === true) return frame;
  if (frame.t === "desired") return { ...frame, upsert: frame.upsert.map(spoken) };
  if (frame.t === "welcome" || frame.t === "snapshot") return { ...frame, snapshot: frame.snapshot.map(spoken) };
  return frame;
}

const spoken = ({ update, ...record }: DesiredServer): DesiredServer => ({
  ...record,
  spec: specOf(record.spec),
  ...(update && { update: { ...update, spec: specOf(update.spec) } }),
});

/** Without words that it does not speak: to it that protocol is unknown. */
function specOf({ asleep, ...spec }: ServerSpec): ServerSpec {
  return asleep?.answer === firstAnswer ? { ...spec, asleep } : spec;
}
