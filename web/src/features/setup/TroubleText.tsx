import type { SetupTrouble } from "../../lib/setup-link.ts";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";

const texts: Record<Exclude<SetupTrouble, "done">, string> = {
  no_token:
    "The terminal that runs Playspawn printed a link to this page that ends in #t= and a token. This address has none.",
  token_dead: "A set-up link works once and for 30 minutes. This one was used or has run out.",
  token_unknown:
    "It belongs to another installation or a much older start, or was not copied whole. Open the newest link that the terminal printed; a few wrong ones end it.",
};

/** A link that leads nowhere, with the way on. */
export function TroubleText({ trouble }: { trouble: SetupTrouble }) {
  if (trouble === "done")
    return (
      <div className="grid gap-6">
        <p className="text-ink-2">Somebody has made the first account on this Playspawn. Sign in with it.</p>
        <a href={paths.signIn} className={buttonClass("primary", "large")}>
          Sign in
        </a>
      </div>
    );
  return (
    <div className="grid gap-4 text-ink-2">
      <p>{texts[trouble]}</p>
      <p>To get a fresh link, stop Playspawn with Ctrl-C and start it again. Your data stays.</p>
      <pre className="overflow-x-auto rounded-lg border border-line bg-well px-4 py-3 font-mono text-[0.9rem] text-ink">
        ./scripts/start
      </pre>
    </div>
  );
}
