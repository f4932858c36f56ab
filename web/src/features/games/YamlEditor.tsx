import { useId, useRef, type KeyboardEvent } from "react";
import { cx } from "../../ui/cx.ts";
import { StateGlyph } from "../../ui/StateGlyph.tsx";

export interface LineFault {
  line: number;
  reason: string;
}

interface Props {
  label: string;
  text: string;
  faults: readonly LineFault[];
  onText: (text: string) => void;
}

const tab = "  ";

/** A plain text with numbered lines and what is wrong beside them. The browser's own undo, search and spelling work. */
export function YamlEditor({ label, text, faults, onText }: Props) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = text.split("\n");
  const wrong = new Set(faults.map(({ line }) => line));
  const goTo = (line: number): void => {
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.current?.focus({ preventScroll: true });
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    document.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" });
  };
  return (
    <div className="grid gap-3">
      <div className="flex overflow-hidden rounded-lg border border-line-strong bg-well font-mono text-[0.867rem] leading-6 focus-within:outline-2 focus-within:outline-focus">
        <div aria-hidden className="shrink-0 border-r border-line py-3 text-right text-ink-3 select-none">
          {lines.map((_line, index) => (
            <div
              // oxlint-disable-next-line react/no-array-index-key -- a line is its number
              key={index}
              data-line={index + 1}
              className={cx("px-2.5", wrong.has(index + 1) && "bg-crashed/15 font-medium text-ink")}
            >
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label={label}
          aria-invalid={faults.length > 0 || undefined}
          aria-describedby={faults.length > 0 ? id : undefined}
          value={text}
          rows={lines.length}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => indent(event, onText)}
          className="min-h-96 min-w-0 flex-1 resize-none overflow-x-auto overflow-y-hidden bg-transparent px-3 py-3 leading-6 text-ink outline-none"
        />
      </div>
      {faults.length > 0 && (
        <ul id={id} aria-label="What is wrong" className="grid gap-1">
          {faults.map(({ line, reason }) => (
            <li key={`${line} ${reason}`} className="flex items-baseline gap-2.5 text-[0.933rem]">
              <span className="translate-y-0.5">
                <StateGlyph state="Crashed" size={13} />
              </span>
              <button
                type="button"
                onClick={() => goTo(line)}
                className="shrink-0 rounded text-crashed underline underline-offset-3"
              >
                line {line}
              </button>
              <span className="min-w-0 text-ink-2 [overflow-wrap:anywhere]">{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Return keeps the indentation, and opens one below a colon. Tab leaves the field, as everywhere. */
function indent(event: KeyboardEvent<HTMLTextAreaElement>, onText: (text: string) => void): void {
  if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing)
    return;
  const field = event.currentTarget;
  const before = field.value.slice(0, field.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const spaces = /^ */.exec(line)![0] + (/:\s*$/.test(line) ? tab : "");
  if (spaces === "") return;
  event.preventDefault();
  // As typed: the browser can undo it.
  if (!document.execCommand("insertText", false, `\n${spaces}`))
    onText(`${before}\n${spaces}${field.value.slice(field.selectionEnd)}`);
}

/** Beside the button, for who does not see the list below a long text: where the first fault is, never cut. */
export function CheckWords({ faults, clean }: { faults: readonly LineFault[]; clean: boolean }) {
  const [first] = faults;
  return (
    <p role="status" className="mr-auto min-w-0 text-[0.9rem] text-ink-3">
      {clean && "No faults."}
      {first && (
        <span className="text-crashed">
          {faults.length === 1 ? `A fault in line ${first.line}` : `${faults.length} faults, from line ${first.line}`}
        </span>
      )}
    </p>
  );
}
