import { Mark } from "../ui/Mark.tsx";

/** While the dashboard is on its way; index.html shows the same before any of its code has arrived. */
export function Splash() {
  return (
    <main aria-busy="true" className="grid min-h-dvh flex-1 place-items-center">
      <div className="flex animate-pulse items-center gap-3">
        <Mark size={34} />
        <span className="text-[1.2rem] font-semibold tracking-tight">Playspawn</span>
      </div>
    </main>
  );
}
