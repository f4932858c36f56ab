import { useLiveState } from "../api/use-live.tsx";
import { Spinner } from "../ui/Spinner.tsx";

/** Calm: what stands on the page is simply a little old. It lies over the page, so that nothing moves for it. */
export function LiveBanner() {
  const state = useLiveState();
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-3 top-16 z-40 grid justify-items-center lg:top-4 lg:left-[15rem]"
    >
      {state === "reconnecting" && (
        <p className="flex animate-appear items-center justify-center gap-2.5 rounded-xl border border-line-strong bg-raised px-4 py-2 text-[0.9rem] text-ink-2 shadow-lg shadow-black/20">
          <Spinner size={13} />
          Reconnecting. What you see may be a moment old; game servers are not affected.
        </p>
      )}
    </div>
  );
}
