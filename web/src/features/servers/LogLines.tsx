import { memo, useEffect, useLayoutEffect, useRef, type ReactNode, type RefObject, type UIEvent } from "react";
import { pieces, plain } from "../../lib/ansi.ts";
import { levelOf, startOf, type Level, type LogLine } from "../../lib/log-buffer.ts";
import { clockTime, fullTime, isoTime } from "@playspawn/shared/words/time.ts";
import { cx } from "../../ui/cx.ts";

interface Props {
  lines: readonly LogLine[];
  needle: string;
  following: boolean;
  /** Somebody scrolled up to read. */
  onLeaveEnd: () => void;
  note: string | undefined;
  empty: ReactNode;
}

/** How far from the end, in px, still counts as being at the end. */
const endSlack = 48;

export function LogLines({ lines, needle, following, onLeaveEnd, note, empty }: Props) {
  const box = usePinnedEnd(following, lines);
  const lastTop = useRef(0);
  const silentRun = startOf(lines.at(-1)?.text ?? "") !== undefined;
  const scrolled = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: UIEvent): void => {
    // Only a move upwards is somebody reading; a filter that shortens the list is not.
    const up = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    if (following && up && needle === "" && scrollHeight - scrollTop - clientHeight > endSlack) onLeaveEnd();
  };
  return (
    <div
      ref={box}
      onScroll={scrolled}
      tabIndex={0}
      role="region"
      aria-label="Log lines"
      className={cx(
        lines.length <= 1 ? "h-40" : "h-[min(32rem,62dvh)]",
        "overflow-auto overscroll-contain bg-well py-3 font-mono text-[0.833rem] leading-[1.6] -outline-offset-2",
      )}
    >
      <div>
        {note && <p className="px-5 pb-2 text-ink-3">{note}</p>}
        {lines.map((line) => (
          <Line key={line.n} text={line.text} needle={needle} />
        ))}
        {silentRun && <p className="px-5 py-1 text-center font-sans text-[0.867rem] text-ink-3">Nothing printed yet</p>}
        {lines.length === 0 && <p className="px-5 py-1 font-sans text-[0.95rem] text-ink-3">{empty}</p>}
      </div>
    </div>
  );
}

/** Keeps the end in sight while `following`: as lines come, and as the box or its lines change their size later. */
function usePinnedEnd(following: boolean, lines: readonly LogLine[]): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, following]);
  useEffect(() => {
    const element = box.current;
    if (!following || !element) return;
    // A phone that is turned wraps the lines anew; fonts that arrive late do, too.
    const resized = new ResizeObserver(() => (element.scrollTop = element.scrollHeight));
    resized.observe(element);
    if (element.firstElementChild) resized.observe(element.firstElementChild);
    return () => resized.disconnect();
  }, [following]);
  return box;
}

const levels: Record<Level, string> = {
  error: "text-crashed",
  warn: "text-waking",
  join: "text-running",
  plain: "text-ink-2",
};

// The eight colours of a terminal, in this house's tones. Black and white follow the text.
const colours = [
  "text-ink-3",
  "text-crashed",
  "text-running",
  "text-waking",
  "text-deploying",
  "text-asleep",
  "text-deploying",
  "text-ink",
] as const;

const Line = memo(function Line({ text, needle }: { text: string; needle: string }) {
  const startedAt = startOf(text);
  if (startedAt !== undefined) return <Seam at={startedAt} />;
  return (
    <div className={cx("px-5 whitespace-pre-wrap [overflow-wrap:anywhere]", levels[levelOf(text)])}>
      {needle === "" ? <Styled text={text} /> : <Marked text={plain(text)} needle={needle} />}
      {text === "" && "\u00a0"}
    </div>
  );
});

/** Where one run of the game ends and the next begins. */
function Seam({ at }: { at: number }) {
  return (
    <div className="flex items-center gap-3 px-5 py-1.5 font-sans text-[0.867rem] text-ink-3 before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
      <time dateTime={isoTime(at)} title={fullTime(at)}>
        Started {clockTime(at)}
      </time>
    </div>
  );
}

function Styled({ text }: { text: string }) {
  return pieces(text).map((piece, i) =>
    piece.colour === undefined && !piece.bold ? (
      piece.text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- the pieces of a line never change
      <span key={i} className={cx(piece.colour !== undefined && colours[piece.colour], piece.bold && "font-semibold")}>
        {piece.text}
      </span>
    ),
  );
}

function Marked({ text, needle }: { text: string; needle: string }) {
  const at = text.toLowerCase().indexOf(needle);
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark className="rounded-xs bg-dawn text-on-dawn">{text.slice(at, at + needle.length)}</mark>
      {text.slice(at + needle.length)}
    </>
  );
}
