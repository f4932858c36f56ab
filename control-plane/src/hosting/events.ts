import type { Event } from "../platform/events/events.ts";

/** An event as the API shows it; the subject is in the path that was asked. */
export const presentEvent = ({ id, seq, at, kind, cause, data }: Event) => ({ id, seq, at, kind, cause, data });
