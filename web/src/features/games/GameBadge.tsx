import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import type { GameState } from "../../api/types.ts";
import { cx } from "../../ui/cx.ts";
import { StateGlyph } from "../../ui/StateGlyph.tsx";

const looks: Record<GameState["name"], { word: string; glyph: StateWord; className: string }> = {
  ready: { word: "Ready", glyph: "Running", className: "text-running" },
  untried: { word: "Untried", glyph: "Stopped", className: "text-ink-2" },
  testing: { word: "Testing", glyph: "Deploying", className: "text-deploying" },
  failed: { word: "Test failed", glyph: "Crashed", className: "text-crashed" },
  faulty: { word: "Faulty", glyph: "Crashed", className: "text-crashed" },
};

export function GameBadge({ state, className }: { state: GameState; className?: string }) {
  const { word, glyph, className: colour } = looks[state.name];
  return (
    <span
      title={state.sentence}
      className={cx("inline-flex items-center gap-1.5 text-[0.867rem] whitespace-nowrap", colour, className)}
    >
      <StateGlyph state={glyph} size={13} /> {word}
    </span>
  );
}

/** A word beside a name. */
export function Tag({ children }: { children: string }) {
  return (
    <span className="rounded-md border border-line px-1.5 py-0.5 font-mono text-[0.7rem] text-ink-3 uppercase">
      {children}
    </span>
  );
}
