/** What an older agent could not take in is left out of what it is sent: a word that is new in a list ends a connection. Pure. */
import {
  firstAnswer,
  olderTier,
  type Capabilities,
  type ControlFrame,
  type DesiredServer,
  type ServerSpec,
} from "@playspawn/shared";
import type { z } from "zod";

type Can = z.infer<typeof Capabilities>;

/** @param can what the agent named in its `hello` */
export function understood(frame: ControlFrame, can: Can): ControlFrame {
  const changes = [can["answers"] !== true && spoken, can["tiers"] !== true && kicked].filter((one) => one !== false);
  if (changes.length === 0) return frame;
  const told = (record: DesiredServer): DesiredServer => changes.reduce((one, change) => change(one), record);
  if (frame.t === "desired") return { ...frame, upsert: frame.upsert.map(told) };
  if (frame.t === "welcome" || frame.t === "snapshot") return { ...frame, snapshot: frame.snapshot.map(told) };
  return frame;
}

const kicked = (record: DesiredServer): DesiredServer =>
  record.kick?.tier === undefined ? record : { ...record, kick: { ...record.kick, tier: olderTier(record.kick.tier) } };

const spoken = ({ update, ...record }: DesiredServer): DesiredServer => ({
  ...record,
  spec: specOf(record.spec),
  ...(update && { update: { ...update, spec: specOf(update.spec) } }),
});

/** Without words that it does not speak: to it that protocol is unknown. */
function specOf({ asleep, ...spec }: ServerSpec): ServerSpec {
  return asleep?.answer === firstAnswer ? { ...spec, asleep } : spec;
}
