import { ChevronRight } from "lucide-react";
import type { Variable } from "../../api/types.ts";
import { split, type FieldValues } from "../../lib/variables.ts";
import { VariableFields } from "./VariableFields.tsx";

interface Props {
  variables: Record<string, Variable>;
  values: FieldValues;
  faults: Record<string, string>;
  onChange: (name: string, value: string | boolean) => void;
}

/** A new server's game settings: the first few, and the others folded away since each has a sound default. */
export function FoldedFields({ variables, ...rest }: Props) {
  const { first, more } = split(variables);
  const count = Object.keys(more).length;
  return (
    <>
      <VariableFields variables={first} {...rest} />
      {count > 0 && (
        <details className="group">
          <summary className="-mx-2 flex cursor-pointer list-none items-center gap-2 rounded-lg px-2 py-1.5 font-medium hover:bg-ink/5">
            <ChevronRight size={16} aria-hidden className="transition-transform group-open:rotate-90" />
            {count} more settings
          </summary>
          <div className="mt-5 grid gap-7">
            <VariableFields variables={more} {...rest} />
          </div>
        </details>
      )}
    </>
  );
}
