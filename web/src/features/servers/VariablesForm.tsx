import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Game, Server } from "../../api/types.ts";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { changedValues, fieldsOf, settable, valuesOf, variableFaults, type FieldValues } from "../../lib/variables.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { useUpdate } from "./use-update.ts";
import { VariableGroups } from "../../ui/VariableGroups.tsx";

const isUp = ({ state }: Server): boolean => state === "Running" || state === "Waking";

export function VariablesForm({ server, game }: { server: Server; game: Game }) {
  const [edits, setEdits] = useState<FieldValues>({});
  const variables = settable(game.variables, server.variables);
  const fields = { ...fieldsOf(variables, server.variables), ...edits };
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };
  const change = changedValues(valuesOf(variables, fields), server.variables);
  const submit = (): void => {
    const found = variableFaults(variables, fields, server.variables);
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    update.mutate({ variables: change }, { onSuccess: () => setEdits({}) });
  };
  return (
    <FormPanel
      title={`${game.name} settings`}
      lead={isUp(server) ? "They apply at the next wake or restart." : "They apply at the next wake."}
      busy={update.isPending}
      unchanged={Object.keys(change).length === 0}
      problem={problem}
      faults={faults}
      onSubmit={submit}
    >
      <VariableGroups
        variables={variables}
        values={fields}
        set={server.variables}
        faults={faults}
        onChange={(name, value) => setEdits({ ...edits, [name]: value })}
      />
    </FormPanel>
  );
}
