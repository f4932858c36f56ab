import { cx } from "./cx.ts";

interface Props {
  /** In [0, 1]; null while nobody knows. */
  value: number | null;
  /** In [0, 1]: what is being worked on reaches to here. */
  upTo?: number | undefined;
  label: string;
  className?: string | undefined;
}

const part = "absolute inset-y-0 left-0 rounded-full bg-current transition-[width] duration-500 ease-calm";

export function ProgressBar({ value, upTo, label, className }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.round(value * 100)}
      className={cx("relative h-1.5 overflow-hidden rounded-full bg-ink/10", className)}
    >
      {value === null ? (
        // Standing still, a part of the bar would look like a share: without motion the whole bar is faint.
        <div className="h-full w-2/5 animate-sweep rounded-full bg-current motion-reduce:w-full motion-reduce:opacity-30" />
      ) : (
        <>
          {upTo !== undefined && (
            <div className={cx(part, "animate-pulse opacity-25")} style={{ width: `${upTo * 100}%` }} />
          )}
          <div className={part} style={{ width: `${Math.max(2, value * 100)}%` }} />
        </>
      )}
    </div>
  );
}
