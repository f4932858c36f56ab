import { useLiveState } from "../api/use-live.tsx";
import { Spinner } from "../ui/Spinner.tsx";

/** Calm: what stands on the page is simply a little old. */
export function LiveBanner() {
  const state = useLiveState();
  return (
    <div role="status">
      {state === "reconnecting" && (
        <p className="flex animate-appear items-center justify-center gap-2.5 border-b border-line bg-asleep/10 px-4 py-2 text-[0.9rem] text-ink-2">
          <Spinner size={13} />
          Reconnecting. What you see may be a moment old; game servers are not affected.
        </p>
      )}
    </div>
  );
}
