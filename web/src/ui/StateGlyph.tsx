import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import { cx } from "./cx.ts";

/** The moon tells the state: crescent asleep, rising when it wakes, full when it runs, new when it is off. */
const shapes: Record<StateWord, React.ReactNode> = {
  Running: (
    <>
      <circle cx="8" cy="8" r="4.5" fill="currentColor" />
      <circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" strokeOpacity="0.35" strokeWidth="1.2" />
    </>
  ),
  Waking: (
    <>
      {/* An inner svg clips what is below the horizon. */}
      <svg width="16" height="11">
        <circle cx="8" cy="11" r="5" fill="currentColor" className="animate-rise" />
      </svg>
      <path d="M1 12.6h14" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </>
  ),
  Asleep: (
    <path d="M10.2 1.7a6.6 6.6 0 1 0 4.3 8.9 5.4 5.4 0 0 1-4.3-8.9Z" fill="currentColor" className="animate-breathe" />
  ),
  Deploying: (
    <g className="origin-center animate-orbit">
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeDasharray="3.2 3.08"
        strokeLinecap="round"
      />
      <circle cx="8" cy="8" r="1.8" fill="currentColor" />
    </g>
  ),
  Stopped: <circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  Crashed: (
    <>
      <path d="M8 1.6 15 14H1L8 1.6Z" fill="currentColor" strokeLinejoin="round" stroke="currentColor" />
      <path d="M8 6.2v3.6M8 12v.1" className="stroke-surface" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  Deleting: (
    <>
      <circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2 2.4" />
      <path d="M5.6 8h4.8" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  Trashed: (
    <path
      d="M3.4 4.6h9.2M6.4 4.4V2.8h3.2v1.6M4.6 4.8l.6 8.4h5.6l.6-8.4M7 7v4M9 7v4"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  ),
  Unknown: (
    <>
      <circle
        cx="8"
        cy="8"
        r="5.8"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeDasharray="0.1 3.3"
        strokeLinecap="round"
      />
      <path
        d="M6.5 6.6a1.6 1.6 0 1 1 2.2 1.5c-.5.2-.7.5-.7 1M8 11.1v.1"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
      />
    </>
  ),
};

export const stateColour: Record<StateWord, string> = {
  Running: "text-running",
  Waking: "text-waking",
  Asleep: "text-asleep",
  Deploying: "text-deploying",
  Stopped: "text-quiet",
  Crashed: "text-crashed",
  Deleting: "text-quiet",
  Trashed: "text-quiet",
  Unknown: "text-waking",
};

export function StateGlyph({ state, size = 16 }: { state: StateWord; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={cx("shrink-0", stateColour[state])}
    >
      {shapes[state]}
    </svg>
  );
}
