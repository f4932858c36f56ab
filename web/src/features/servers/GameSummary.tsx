import type { ReactNode } from "react";
import type { Game } from "../../api/types.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { GameLogo } from "../../ui/GameLogo.tsx";

/** What a new server of this game will take. */
export function GameSummary({ game }: { game: Game }) {
  return (
    <aside aria-label="What it takes" className="grid gap-5 lg:sticky lg:top-10">
      <div className="flex items-start gap-4">
        <GameLogo logo={game.logo} name={game.name} className="size-14 text-[1.4rem]" />
        <p className="text-ink-2 text-pretty">{game.description}</p>
      </div>
      <dl className="grid gap-2.5 border-t border-line pt-5">
        <Fact name="Memory while awake">{bytes(game.memoryBytes)}</Fact>
        <Fact name="CPU limit">{game.cpu}</Fact>
        {Object.entries(game.ports).map(([name, port]) => (
          <Fact key={name} name={`Port ${name}`}>
            {port.protocol}, {port.when === undefined ? "picked for you" : `with ${game.variables[port.when]?.label}`}
          </Fact>
        ))}
        <Fact name="Memory while asleep">next to none</Fact>
      </dl>
      <p className="border-t border-line pt-5 text-[0.9rem] text-ink-3 text-pretty">
        Its node makes the image ready and starts it once, to prove that it runs. Then it sleeps until somebody joins.
      </p>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="text-ink-3">{name}</dt>
      <dd className="text-right font-mono text-[0.9rem]">{children}</dd>
    </div>
  );
}
