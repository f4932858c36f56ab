import { useState } from "react";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { Button } from "./Button.tsx";
import { TextField } from "./fields.tsx";
import { ProblemNote } from "./notices.tsx";

interface Props {
  /** What has to be typed. */
  name: string;
  /** The word on the button that does it. */
  yes: string;
  busy: boolean;
  problem: Problem | undefined;
  onYes: () => void;
  onClose: () => void;
}

/** For what cannot be undone: the name has to be typed first. */
export function TypedConfirm({ name, yes, busy, problem, onYes, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const right = typed.trim() === name.trim();
  return (
    <form
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (right) onYes();
      }}
    >
      <TextField
        label={
          <>
            Type <span className="font-mono select-all [overflow-wrap:anywhere]">{name}</span> to confirm
          </>
        }
        name="confirm"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {problem && <ProblemNote problem={problem} />}
      <div className="flex justify-end gap-2.5">
        <Button look="ghost" onClick={onClose}>
          Keep it
        </Button>
        <Button type="submit" look="danger" disabled={!right} busy={busy}>
          {yes}
        </Button>
      </div>
    </form>
  );
}
