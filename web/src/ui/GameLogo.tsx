import { useState } from "react";
import { cx } from "./cx.ts";

interface Props {
  /** Null where the game is unknown or has no logo: its initial stands in. */
  logo: string | null;
  name: string;
  /** Asleep: the colours rest too. */
  dim?: boolean;
  className?: string;
}

/** Decorative: the game's name always stands beside it. */
export function GameLogo({ logo, name, dim = false, className = "size-10" }: Props) {
  const [broken, setBroken] = useState(false);
  return (
    <span
      aria-hidden
      className={cx(
        "grid shrink-0 place-items-center overflow-hidden rounded-xl border border-line bg-raised transition-[filter,opacity] duration-700",
        dim && "opacity-65 saturate-[0.35]",
        className,
      )}
    >
      {logo && !broken ? (
        <img src={logo} alt="" loading="lazy" className="size-full object-cover" onError={() => setBroken(true)} />
      ) : (
        <span className="font-mono font-medium text-ink-3 uppercase">{name.slice(0, 1)}</span>
      )}
    </span>
  );
}
