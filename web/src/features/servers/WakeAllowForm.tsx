import { useState } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { listOf } from "../../lib/lists.ts";
import { AreaField } from "../../ui/fields.tsx";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { useUpdate } from "./use-update.ts";

/** Who may wake it. As long as nothing is typed into a list it is shown as the server has it. */
export function WakeAllowForm({ server }: { server: Server }) {
  const [edits, setEdits] = useState<{ addresses?: string; names?: string }>({});
  const present = {
    addresses: server.wakeAllow.addresses.join("\n"),
    names: server.wakeAllow.names.join("\n"),
  };
  const { addresses, names } = { ...present, ...edits };
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = faultsByField(problem?.faults ?? []);
  const faultOf = (list: string): string | undefined =>
    Object.entries(faults).find(([field]) => field.startsWith(`wakeAllow.${list}`))?.[1];
  const wakeAllow = { addresses: listOf(addresses), names: listOf(names) };
  return (
    <FormPanel
      title="Who may wake it"
      lead="An empty list is everyone. Anybody else still finds the server in their game, and is turned away when they join while it sleeps."
      busy={update.isPending}
      unchanged={JSON.stringify(wakeAllow) === JSON.stringify(server.wakeAllow)}
      problem={problem}
      onSubmit={() => update.mutate({ wakeAllow }, { onSuccess: () => setEdits({}) })}
    >
      <AreaField
        label="Addresses and networks"
        help="One on each line, like 192.0.2.7 or 192.0.2.0/24."
        name="wakeAllow.addresses"
        rows={3}
        spellCheck={false}
        value={addresses}
        fault={faultOf("addresses")}
        onChange={(event) => setEdits({ ...edits, addresses: event.target.value })}
      />
      <AreaField
        label="Players"
        help="One name on each line. Only Minecraft Java says who joins before the game is awake; elsewhere this list is passed over."
        name="wakeAllow.names"
        rows={3}
        spellCheck={false}
        value={names}
        fault={faultOf("names")}
        onChange={(event) => setEdits({ ...edits, names: event.target.value })}
      />
    </FormPanel>
  );
}
