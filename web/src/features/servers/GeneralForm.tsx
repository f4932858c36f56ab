import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Server, UpdateServer } from "../../api/types.ts";
import { faultsByField } from "../../lib/problem.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { TextField } from "../../ui/fields.tsx";
import { IdleField } from "./IdleField.tsx";
import { useUpdate } from "./use-update.ts";

type Edits = Pick<UpdateServer, "name" | "idleSeconds">;

/** Name and idle time: both take effect at once. What was not touched follows the server. */
export function GeneralForm({ server }: { server: Server }) {
  const [edits, setEdits] = useState<Edits>({});
  const { name, idleSeconds } = { name: server.name, idleSeconds: server.idleSeconds, ...edits };
  const [empty, setEmpty] = useState(false);
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = faultsByField(problem?.faults ?? []);
  const change: UpdateServer = {
    ...(name.trim() !== server.name && { name: name.trim() }),
    ...(idleSeconds !== server.idleSeconds && { idleSeconds }),
  };
  const submit = (): void => {
    setEmpty(name.trim() === "");
    if (name.trim() !== "") update.mutate(change, { onSuccess: () => setEdits({}) });
  };
  return (
    <FormPanel
      title="General"
      busy={update.isPending}
      unchanged={Object.keys(change).length === 0}
      problem={problem}
      onSubmit={submit}
    >
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        maxLength={60}
        value={name}
        fault={empty ? "Give it a name, so that you find it again." : faults["name"]}
        onChange={(event) => setEdits({ ...edits, name: event.target.value })}
      />
      <IdleField
        seconds={idleSeconds}
        fault={faults["idleSeconds"]}
        onChange={(seconds) => setEdits({ ...edits, idleSeconds: seconds })}
      />
    </FormPanel>
  );
}
