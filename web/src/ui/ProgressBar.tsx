import { cx } from "./cx.ts";

interface Props {
  /** In [0, 1]; null while nobody knows. */
  value: number | null;
  label: string;
  className?: string;
}

export function ProgressBar({ value, label, className }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.round(value * 100)}
      className={cx("h-1.5 overflow-hidden rounded-full bg-ink/10", className)}
    >
      {value === null ? (
        <div className="h-full w-2/5 animate-sweep rounded-full bg-current" />
      ) : (
        <div
          className="h-full rounded-full bg-current transition-[width] duration-500 ease-calm"
          style={{ width: `${Math.max(2, value * 100)}%` }}
        />
      )}
    </div>
  );
}
