import type { ReactNode } from "react";
import type { Problem } from "../lib/problem.ts";
import { Button } from "./Button.tsx";
import { ProblemNote } from "./notices.tsx";

interface Props {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  busy: boolean;
  /** Nothing to save yet. */
  unchanged: boolean;
  problem?: Problem | undefined;
  onSubmit: () => void;
}

/** One group of settings with its own save button. */
export function FormPanel({ title, lead, children, busy, unchanged, problem, onSubmit }: Props) {
  return (
    <form
      noValidate
      aria-label={title}
      className="panel overflow-hidden"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <div className="grid gap-6 p-5 sm:p-6">
        <div>
          <h2 className="text-[1.1rem] font-semibold">{title}</h2>
          {lead && <p className="mt-0.5 text-ink-3">{lead}</p>}
        </div>
        {problem && problem.faults.length === 0 && <ProblemNote problem={problem} />}
        {children}
      </div>
      <div className="flex justify-end border-t border-line bg-ground/50 px-5 py-3 sm:px-6">
        <Button type="submit" look={unchanged ? "plain" : "primary"} size="small" busy={busy} disabled={unchanged}>
          Save
        </Button>
      </div>
    </form>
  );
}
