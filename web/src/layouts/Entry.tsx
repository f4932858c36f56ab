import type { ReactNode } from "react";
import { Mark } from "../ui/Mark.tsx";

/** The page before the dashboard: sign-in, set-up, and what stands in for both. */
export function Entry({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <main className="relative grid flex-1 place-items-center overflow-hidden px-5 py-12">
      <Horizon />
      <div className="relative w-full max-w-[25.5rem]">
        <div className="mb-9 flex items-center gap-3">
          <Mark size={34} />
          <span className="text-[1.2rem] font-semibold tracking-tight">Playspawn</span>
        </div>
        <h1 className="text-[1.9rem] leading-tight font-semibold tracking-[-0.025em]">{title}</h1>
        {lead && <p className="mt-2 text-ink-2 text-pretty">{lead}</p>}
        <div className="mt-7">{children}</div>
      </div>
    </main>
  );
}

/** The edge of the moon, low and large. */
function Horizon() {
  return (
    <div aria-hidden className="pointer-events-none absolute inset-0">
      <div className="sky-asleep absolute inset-0 opacity-70" />
      <div className="absolute top-[76%] left-1/2 aspect-square w-[max(150vw,90rem)] -translate-x-1/2 rounded-full border border-line bg-ground shadow-[0_-18px_90px_-12px_color-mix(in_oklch,var(--color-dawn)_34%,transparent)]" />
    </div>
  );
}
