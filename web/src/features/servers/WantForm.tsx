import { RadioGroup } from "radix-ui";
import { useId, useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { useUpdate } from "./use-update.ts";

type Want = "auto" | "running" | "stopped";

const choices = [
  { want: "auto", state: "Asleep", name: "Sleeps and wakes by itself", help: "Empty, it sleeps. A packet wakes it." },
  { want: "running", state: "Running", name: "Always awake", help: "Never sleeps, and starts again after a crash." },
  { want: "stopped", state: "Stopped", name: "Off", help: "Saved and stopped. Packets do not wake it." },
] as const;

export function WantForm({ server }: { server: Server }) {
  const present: Want = server.want === "absent" ? "stopped" : server.want;
  const [edit, setEdit] = useState<Want>();
  const want = edit ?? present;
  const update = useUpdate(server, "Saved.");
  return (
    <FormPanel
      title="When it runs"
      busy={update.isPending}
      unchanged={want === present}
      problem={update.isError ? problemFrom(update.error) : undefined}
      onSubmit={() => update.mutate({ want }, { onSuccess: () => setEdit(undefined) })}
    >
      <RadioGroup.Root
        aria-label="When it runs"
        value={want}
        onValueChange={(value) => setEdit(value as Want)}
        className="grid gap-2.5"
      >
        {choices.map((choice) => (
          <Choice key={choice.want} {...choice} />
        ))}
      </RadioGroup.Root>
    </FormPanel>
  );
}

function Choice({ want, state, name, help }: (typeof choices)[number]) {
  const id = useId();
  return (
    <div className="relative flex items-center gap-3.5 rounded-xl border border-line px-4 py-3 transition-colors has-data-[state=checked]:border-ink-3 has-data-[state=checked]:bg-ink/4">
      <StateGlyph state={state} size={18} />
      <div className="flex-1">
        <label htmlFor={id} className="font-medium after:absolute after:inset-0 after:cursor-pointer">
          {name}
        </label>
        <p id={`${id}-help`} className="text-[0.9rem] text-ink-3">
          {help}
        </p>
      </div>
      <RadioGroup.Item
        id={id}
        value={want}
        aria-describedby={`${id}-help`}
        className="relative z-10 grid size-5 place-items-center rounded-full border border-line-strong data-[state=checked]:border-ink"
      >
        <RadioGroup.Indicator className="size-2.5 rounded-full bg-ink" />
      </RadioGroup.Item>
    </div>
  );
}
