import type { ReactNode } from "react";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { Button } from "./Button.tsx";
import { cx } from "./cx.ts";
import { ProblemNote } from "./notices.tsx";
import { useUnsaved } from "./unsaved.ts";
import { useFocusFault } from "./use-focus-fault.ts";

interface Props {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  busy: boolean;
  /** Nothing to save yet. */
  unchanged: boolean;
  problem?: Problem | undefined;
  /** By field: the first one gets the focus. */
  faults?: Record<string, string>;
  onSubmit: () => void;
}

const none = {};

/** One group of settings with its own save button. */
export function FormPanel({ title, lead, children, busy, unchanged, problem, faults = none, onSubmit }: Props) {
  const form = useFocusFault(faults);
  useUnsaved(!unchanged);
  return (
    <form
      ref={form}
      noValidate
      aria-label={title}
      className="panel"
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
        {children}
        {problem && problem.faults.length === 0 && <ProblemNote problem={problem} focus />}
      </div>
      <div
        className={cx(
          "flex justify-end rounded-b-[0.875rem] border-t border-line px-5 py-3 sm:px-6",
          unchanged ? "bg-ground/50" : "sticky bottom-15 z-20 bg-surface/95 backdrop-blur-sm short:static lg:bottom-0",
        )}
      >
        <Button type="submit" look={unchanged ? "plain" : "primary"} size="small" busy={busy} disabled={unchanged}>
          Save
        </Button>
      </div>
    </form>
  );
}
