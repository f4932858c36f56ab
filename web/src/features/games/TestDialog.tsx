/** What a test is to be made with: the game's own defaults, and what people must or want to say. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { testGame } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import type { Game } from "../../api/types.ts";
import { asksForMore, fieldsOf, variableFaults, valuesOf, type FieldValues } from "../../lib/variables.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { useFocusFault } from "../../ui/use-focus-fault.ts";
import { VariableGroups } from "../../ui/VariableGroups.tsx";

interface Props {
  game: Game;
  onStarted: () => Promise<void>;
  onClose: () => void;
}

export function TestDialog({ game, onStarted, onClose }: Props) {
  const { variables } = game;
  const [edits, setEdits] = useState<FieldValues>({});
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const fields = { ...fieldsOf(variables), ...edits };
  const start = useMutation({
    mutationFn: () => testGame(game.id, valuesOf(variables, fields)),
    onSuccess: async () => {
      onClose();
      await onStarted();
    },
  });
  const problem = start.isError ? problemFrom(start.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };
  const form = useFocusFault(faults);
  const submit = (): void => {
    const found = variableFaults(variables, fields);
    setWrong(found);
    if (Object.keys(found).length === 0) start.mutate();
  };
  return (
    <Dialog title={`Test ${game.name}`} onClose={onClose}>
      <form
        ref={form}
        noValidate
        aria-label={`Test ${game.name}`}
        className="grid gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <p className="text-ink-2 text-pretty">
          {asksForMore(variables)
            ? "It is tested with its own defaults and what is marked as needed."
            : "It is tested with its own defaults, unless you change them here."}
        </p>
        <VariableGroups
          variables={variables}
          values={fields}
          faults={faults}
          onChange={(name, value) => setEdits({ ...edits, [name]: value })}
        />
        {problem && problem.faults.length === 0 && <ProblemNote focus problem={problem} />}
        <div className="flex justify-end gap-3">
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={start.isPending}>
            Start the test
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
