import { useState } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { AreaField } from "../../ui/fields.tsx";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { useUpdate } from "./use-update.ts";

export function NotesForm({ server }: { server: Server }) {
  const [edit, setEdit] = useState<string>();
  const notes = edit ?? server.notes;
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  return (
    <FormPanel
      title="Notes"
      lead="For everyone who looks after this server. Players do not see them."
      busy={update.isPending}
      unchanged={notes === server.notes}
      problem={problem}
      onSubmit={() => update.mutate({ notes }, { onSuccess: () => setEdit(undefined) })}
    >
      <AreaField
        label="Notes"
        name="notes"
        dir="auto"
        rows={4}
        maxLength={4000}
        value={notes}
        fault={faultsByField(problem?.faults ?? [])["notes"]}
        onChange={(event) => setEdit(event.target.value)}
      />
    </FormPanel>
  );
}
