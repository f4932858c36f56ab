import { ChevronRight } from "lucide-react";
import type { Variable } from "../../api/types.ts";
import { choiceText, defaultText } from "../../lib/variable-words.ts";
import { chapters } from "../../lib/variables.ts";

/** What people choose for a server of this game: the first in sight, the others as chapters, as in the form. */
export function GameVariables({ variables }: { variables: Record<string, Variable> }) {
  if (Object.keys(variables).length === 0) return null;
  const { first, folded } = chapters(variables);
  return (
    <section aria-label="Settings" className="panel overflow-hidden">
      <h2 className="eyebrow flex justify-between gap-4 px-5 pt-5 pb-3">
        Settings people choose <span>Unless changed</span>
      </h2>
      {Object.keys(first).length > 0 && <List variables={first} />}
      {folded.map(({ title, variables: members }) => (
        <details key={title} className="group border-t border-line">
          <summary className="flex cursor-pointer list-none items-center gap-2 px-5 py-3 -outline-offset-2 hover:bg-ink/3">
            <ChevronRight size={16} aria-hidden className="shrink-0 transition-transform group-open:rotate-90" />
            <h3 className="font-medium">{title}</h3>
            <span className="font-mono text-[0.8rem] text-ink-3">{Object.keys(members).length}</span>
          </summary>
          <List variables={members} />
        </details>
      ))}
    </section>
  );
}

function List({ variables }: { variables: Record<string, Variable> }) {
  return (
    <dl>
      {Object.entries(variables).map(([name, variable]) => (
        <Entry key={name} name={name} variable={variable} />
      ))}
    </dl>
  );
}

function Entry({ name, variable }: { name: string; variable: Variable }) {
  const choice = choiceText(variable);
  return (
    <div className="flex items-baseline justify-between gap-6 border-t border-line px-5 py-2.5">
      <dt className="min-w-0 flex-1">
        {variable.label}
        <span className="mt-0.5 block font-mono text-[0.75rem] text-ink-3 [overflow-wrap:anywhere]">{name}</span>
      </dt>
      <dd className="max-w-[55%] min-w-0 text-right [overflow-wrap:anywhere]">
        <span className="font-mono text-[0.867rem]">{defaultText(variable)}</span>
        {choice && <span className="mt-0.5 block text-[0.8rem] text-ink-3 text-pretty">{choice}</span>}
      </dd>
    </div>
  );
}
