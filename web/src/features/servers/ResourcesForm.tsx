import { useState } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { problemFrom } from "../../api/errors.ts";
import type { Game, Server, UpdateServer } from "../../api/types.ts";
import { TextField } from "../../ui/fields.tsx";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { useUpdate } from "./use-update.ts";

/** Binary, as everywhere that memory is shown. */
const mb = 1024 ** 2;
type Edits = Partial<Record<"cpu" | "memory", string>>;

const numberOf = (text: string): number | undefined => {
  const value = Number(text.replace(",", "."));
  return text.trim() !== "" && Number.isFinite(value) && value > 0 ? value : undefined;
};

/** What it may use of its node. */
export function ResourcesForm({ server, game }: { server: Server; game: Game }) {
  const [edits, setEdits] = useState<Edits>({});
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const cpu = edits.cpu ?? String(server.cpu);
  const memory = edits.memory ?? String(Math.round(server.memoryBytes / mb));
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };
  const next = { cpu: numberOf(cpu), memoryBytes: bytesOf(memory) };
  const change: UpdateServer = {
    ...(next.cpu !== undefined && next.cpu !== server.cpu && { cpu: next.cpu }),
    ...(edits.memory !== undefined && next.memoryBytes !== server.memoryBytes && { memoryBytes: next.memoryBytes }),
  };
  const submit = (): void => {
    const found = {
      ...(next.cpu === undefined && { cpu: "must be a number of cores, such as 1.5" }),
      ...(next.memoryBytes === undefined && { memoryBytes: "must be a number of MB, such as 1024" }),
    };
    setWrong(found);
    if (Object.keys(found).length === 0) update.mutate(change, { onSuccess: () => setEdits({}) });
  };
  const invalid = next.cpu === undefined || next.memoryBytes === undefined;
  return (
    <FormPanel
      title="Resources"
      lead={`${game.name} asks for ${game.cpu} ${game.cpu === 1 ? "core" : "cores"} and ${Math.round(game.memoryBytes / mb)} MB.`}
      busy={update.isPending}
      unchanged={Object.keys(change).length === 0 && !invalid}
      problem={problem}
      faults={faults}
      onSubmit={submit}
    >
      <div className="grid items-start gap-6 sm:grid-cols-2">
        <TextField
          label="Processor"
          help="Cores, at most"
          name="cpu"
          inputMode="decimal"
          autoComplete="off"
          value={cpu}
          fault={faults["cpu"]}
          onChange={(event) => setEdits({ ...edits, cpu: event.target.value })}
        />
        <TextField
          label="Memory"
          help="MB, at most"
          name="memoryBytes"
          inputMode="numeric"
          autoComplete="off"
          value={memory}
          fault={faults["memoryBytes"]}
          onChange={(event) => setEdits({ ...edits, memory: event.target.value })}
        />
      </div>
    </FormPanel>
  );
}

const bytesOf = (text: string): number | undefined => {
  const value = numberOf(text);
  return value === undefined ? undefined : Math.round(value * mb);
};
