import { RadioGroup } from "radix-ui";
import { useId, useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Server, UpdateServer } from "../../api/types.ts";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { playersLost } from "@playspawn/shared/words/server.ts";
import { FormPanel } from "../../ui/FormPanel.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { ask } from "../../ui/questions.ts";
import { IdleField } from "./IdleField.tsx";
import { useUpdate } from "./use-update.ts";

type Want = "auto" | "running" | "stopped";

const choices = [
  { want: "auto", state: "Asleep", name: "Sleeps and wakes by itself", help: "Empty, it sleeps. Joining wakes it." },
  { want: "running", state: "Running", name: "Always awake", help: "Never sleeps, and starts again after a crash." },
  { want: "stopped", state: "Stopped", name: "Off", help: "Saved and stopped. Joining does not wake it." },
] as const;

type Edits = Pick<UpdateServer, "want" | "idleSeconds">;

/** When it sleeps, wakes and is off: one matter, so one form. All of it takes effect at once. */
export function WantForm({ server }: { server: Server }) {
  const present: Want = server.want === "absent" ? "stopped" : server.want;
  const [edits, setEdits] = useState<Edits>({});
  const { want, idleSeconds } = { want: present, idleSeconds: server.idleSeconds, ...edits };
  const change: Edits = {
    ...(want !== present && { want }),
    ...(idleSeconds !== server.idleSeconds && { idleSeconds }),
  };
  const update = useUpdate(server, "Saved.");
  const problem = update.isError ? problemFrom(update.error) : undefined;
  const save = (): void => update.mutate(change, { onSuccess: () => setEdits({}) });
  const submit = (): void => {
    const lost = want === "stopped" ? playersLost(server.players) : undefined;
    if (lost === undefined) return save();
    ask({ title: `Turn ${server.name} off?`, text: lost, yes: "Turn off", onYes: save });
  };
  return (
    <FormPanel
      title="When it runs"
      busy={update.isPending}
      unchanged={Object.keys(change).length === 0}
      problem={problem}
      onSubmit={submit}
    >
      <RadioGroup.Root
        aria-label="When it runs"
        value={want}
        onValueChange={(value) => setEdits({ ...edits, want: value as Want })}
        className="grid gap-2.5"
      >
        {choices.map((choice) => (
          <Choice key={choice.want} {...choice} />
        ))}
      </RadioGroup.Root>
      {want === "auto" && (
        <IdleField
          seconds={idleSeconds}
          fault={faultsByField(problem?.faults ?? [])["idleSeconds"]}
          onChange={(seconds) => setEdits({ ...edits, idleSeconds: seconds })}
        />
      )}
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
        className="relative z-10 grid size-[1.625rem] place-items-center rounded-full border border-line-strong data-[state=checked]:border-ink"
      >
        <RadioGroup.Indicator className="size-3 rounded-full bg-ink" />
      </RadioGroup.Item>
    </div>
  );
}
