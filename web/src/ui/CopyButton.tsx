import { Check, Copy, TriangleAlert } from "lucide-react";
import { cx } from "./cx.ts";
import { useCopy, type CopyState } from "./use-copy.ts";

const icons = { idle: Copy, copied: Check, failed: TriangleAlert };
const words: Record<CopyState, string> = { idle: "", copied: "Copied", failed: "Could not copy" };

interface Props {
  text: string;
  label: string;
  className?: string;
  size?: number;
}

export function CopyButton({ text, label, className, size = 16 }: Props) {
  const { state, copy } = useCopy();
  const Icon = icons[state];
  return (
    <button
      type="button"
      aria-label={label}
      title={words[state] || label}
      onClick={() => copy(text)}
      className={cx(
        "inline-grid size-9 shrink-0 place-items-center rounded-lg text-ink-3 transition-colors hover:bg-ink/7 hover:text-ink",
        state === "copied" && "text-running hover:text-running",
        className,
      )}
    >
      <Icon size={size} aria-hidden />
      <span role="status" className="sr-only">
        {words[state]}
      </span>
    </button>
  );
}
