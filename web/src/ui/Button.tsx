import type { ComponentProps, MouseEvent } from "react";
import { cx } from "./cx.ts";
import { Spinner } from "./Spinner.tsx";

type Look = "primary" | "dawn" | "plain" | "ghost" | "danger";
type Size = "small" | "medium" | "large";

const base =
  "inline-flex items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap select-none transition-[background,border-color,color,transform] duration-150 ease-calm active:translate-y-px disabled:opacity-55 disabled:active:translate-y-0 aria-disabled:cursor-default aria-disabled:opacity-55";

const looks: Record<Look, string> = {
  primary: "bg-ink text-ground hover:bg-ink/88",
  dawn: "bg-dawn text-on-dawn hover:bg-dawn-hover",
  plain: "border border-line bg-raised text-ink hover:border-line-strong",
  ghost: "text-ink-2 hover:bg-ink/6 hover:text-ink",
  danger: "border border-crashed/45 text-crashed hover:bg-crashed/10",
};
const sizes: Record<Size, string> = {
  small: "h-8 px-3 text-[0.867rem]",
  medium: "h-10 px-4",
  large: "h-12 px-6 text-[1.067rem]",
};

export const buttonClass = (look: Look = "plain", size: Size = "medium"): string => cx(base, looks[look], sizes[size]);

interface Props extends ComponentProps<"button"> {
  look?: Look;
  size?: Size;
  /** Under way: keeps its place and the keyboard's focus, cannot be pressed again. */
  busy?: boolean;
  /** Something beside it is under way: it waits for that. */
  held?: boolean;
}

// A disabled button would throw the focus away in the middle of what the keyboard asked for.
const unpressable = (event: MouseEvent): void => event.preventDefault();

export function Button({ look, size, busy, held, className, children, onClick, type = "button", ...rest }: Props) {
  const blocked = busy || held || undefined;
  return (
    <button
      {...rest}
      type={type}
      onClick={blocked ? unpressable : onClick}
      aria-disabled={blocked}
      aria-busy={busy || undefined}
      className={cx(buttonClass(look, size), className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

interface IconProps extends ComponentProps<"button"> {
  label: string;
  busy?: boolean;
}

/** A square button that shows only an icon; `label` is its name and its tooltip. */
export function IconButton({ label, busy = false, className, children, disabled, ...rest }: IconProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(
        "inline-grid size-9 shrink-0 place-items-center rounded-lg text-ink-2 transition-colors hover:bg-ink/7 hover:text-ink disabled:opacity-50 aria-pressed:bg-ink/8 aria-pressed:text-ink",
        className,
      )}
    >
      {busy ? <Spinner /> : children}
    </button>
  );
}
