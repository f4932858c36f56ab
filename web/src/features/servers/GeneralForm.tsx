import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { TextField } from "../../ui/fields.tsx";
import { useUpdate } from "./use-update.ts";

/** What was not touched follows the server. */
export function GeneralForm({ server }: { server: Server }) {
  const [edit, setEdit] = useState<string>();
  const name = edit ?? server.name;
  const [empty, setEmpty] = useState(false);
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = faultsByField(problem?.faults ?? []);
  const submit = (): void => {
    setEmpty(name.trim() === "");
    if (name.trim() !== "") update.mutate({ name: name.trim() }, { onSuccess: () => setEdit(undefined) });
  };
  return (
    <FormPanel
      title="General"
      busy={update.isPending}
      unchanged={name.trim() === server.name}
      problem={problem}
      onSubmit={submit}
    >
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        dir="auto"
        maxLength={60}
        value={name}
        fault={empty ? "Give it a name, so that you find it again." : faults["name"]}
        onChange={(event) => setEdit(event.target.value)}
      />
    </FormPanel>
  );
}
