import { ago, fullTime, isoTime, span } from "@playspawn/shared/words/time.ts";
import { useNow } from "./use-now.ts";

/** `3 min ago`, with the exact time as tooltip. */
export function Ago({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={isoTime(at)} title={fullTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** `for 3 min`. */
export function For({ since }: { since: number }) {
  const now = useNow();
  return (
    <time dateTime={isoTime(since)} title={`since ${fullTime(since)}`}>
      {`for ${span(now - since)}`}
    </time>
  );
}
