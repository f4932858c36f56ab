import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { chapters, matching } from "../lib/variables.ts";
import { SearchField } from "./SearchField.tsx";
import { VariableFields, type VariablesProps } from "./VariableFields.tsx";

/** With fewer settings than this, looking is quicker than typing. */
const searchFrom = 12;

/** Many settings as chapters to unfold, and a way to find one by a word of it. */
export function VariableGroups({ variables, ...rest }: VariablesProps) {
  const [text, setText] = useState("");
  // What has to be mended is in sight whatever is looked for.
  const found = { ...matching(variables, text), ...wrongOf(variables, rest.faults) };
  const isMany = Object.keys(variables).length >= searchFrom;
  return (
    <>
      {isMany && (
        // Enter looks for it, and saves nothing.
        <div role="search" onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}>
          <SearchField
            label="Find a setting"
            placeholder={`Find one of ${Object.keys(variables).length} settings`}
            text={text}
            onText={setText}
          />
          <p
            role="status"
            className={text.trim() === "" || Object.keys(found).length > 0 ? "sr-only" : "mt-4 text-ink-3"}
          >
            {text.trim() !== "" && `${Object.keys(found).length || "No"} settings match “${text.trim()}”.`}
          </p>
        </div>
      )}
      {text.trim() === "" ? (
        <Chapters variables={variables} {...rest} />
      ) : (
        <VariableFields variables={found} {...rest} />
      )}
    </>
  );
}

const wrongOf = (
  variables: VariablesProps["variables"],
  faults: VariablesProps["faults"],
): VariablesProps["variables"] =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => faults[`variables.${name}`] !== undefined));

function Chapters({ variables, ...rest }: VariablesProps) {
  const { first, folded } = chapters(variables);
  return (
    <>
      <VariableFields variables={first} {...rest} />
      {folded.length > 0 && (
        <div className="divide-y divide-line border-y border-line">
          {folded.map(({ title, variables: members }) => (
            <Chapter key={title} title={title} variables={members} {...rest} />
          ))}
        </div>
      )}
    </>
  );
}

function Chapter({ title, ...rest }: VariablesProps & { title: string }) {
  const count = Object.keys(rest.variables).length;
  const wrong = Object.keys(wrongOf(rest.variables, rest.faults)).length;
  return (
    <details className="group">
      <summary className="-mx-2 flex cursor-pointer list-none items-center gap-2 rounded-lg px-2 py-3 hover:bg-ink/4">
        <ChevronRight size={16} aria-hidden className="shrink-0 transition-transform group-open:rotate-90" />
        <span className="font-medium">{title}</span>
        <span className="font-mono text-[0.8rem] text-ink-3">{count}</span>
        {wrong > 0 && <span className="text-[0.867rem] text-crashed">{wrong} to mend</span>}
      </summary>
      <div className="grid gap-6 pt-3 pb-6 sm:pl-6">
        <VariableFields {...rest} />
      </div>
    </details>
  );
}
