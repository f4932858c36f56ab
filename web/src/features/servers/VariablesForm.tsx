import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Game, Server } from "../../api/types.ts";
import { faultsByField } from "../../lib/problem.ts";
import { changedValues, fieldsOf, valuesOf, variableFaults, type FieldValues } from "../../lib/variables.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { useUpdate } from "./use-update.ts";
import { VariableFields } from "./VariableFields.tsx";

const whenItApplies = (server: Server): string =>
  server.state === "Running" || server.state === "Waking"
    ? "Applies at the next wake. Restart the server to apply it now."
    : "Applies at the next wake.";

export function VariablesForm({ server, game }: { server: Server; game: Game }) {
  const [edits, setEdits] = useState<FieldValues>({});
  const fields = { ...fieldsOf(game.variables, server.variables), ...edits };
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const update = useUpdate(server, "Saved. It applies at the next wake.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };
  const change = changedValues(valuesOf(game.variables, fields), server.variables);
  const submit = (): void => {
    const found = variableFaults(game.variables, fields, server.variables);
    setWrong(found);
    if (Object.keys(found).length === 0) update.mutate({ variables: change }, { onSuccess: () => setEdits({}) });
  };
  return (
    <FormPanel
      title={`${game.name} settings`}
      lead={whenItApplies(server)}
      busy={update.isPending}
      unchanged={Object.keys(change).length === 0}
      problem={problem}
      onSubmit={submit}
    >
      <VariableFields
        variables={game.variables}
        values={fields}
        faults={faults}
        onChange={(name, value) => setEdits({ ...edits, [name]: value })}
      />
    </FormPanel>
  );
}
