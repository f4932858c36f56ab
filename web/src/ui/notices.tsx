import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { cx } from "./cx.ts";
import type { Problem } from "../lib/problem.ts";

export const problemReport = ({ title, detail, code, requestId }: Problem): string =>
  [title, detail, `code ${code}`, requestId && `request ${requestId}`].filter(Boolean).join("\n");

/** A problem that stands where it happened, with what to tell whoever looks into it. */
export function ProblemNote({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div
      role="alert"
      className="flex animate-appear items-start gap-3 rounded-xl border border-crashed/35 bg-crashed/7 py-2 pr-2 pl-4"
    >
      <TriangleAlert size={18} aria-hidden className="mt-2 shrink-0 text-crashed" />
      <div className="min-w-0 flex-1 py-1.5">
        <p className="font-medium">{problem.title}</p>
        <p className="text-ink-2 [overflow-wrap:anywhere]">{problem.detail}</p>
        {onRetry && (
          <Button size="small" className="mt-2" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
      <CopyButton text={problemReport(problem)} label="Copy details" />
    </div>
  );
}

interface EmptyProps {
  art: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
  /** 1 where it is the whole page. */
  level?: 1 | 2;
}

export function Empty({ art, title, children, action, level = 2 }: EmptyProps) {
  const Heading = `h${level}` as const;
  return (
    <div className="panel grid justify-items-center gap-4 px-6 py-16 text-center">
      {art}
      <div className="grid max-w-md gap-1.5">
        <Heading className="text-[1.2rem] font-semibold">{title}</Heading>
        <p className="text-ink-2 text-pretty">{children}</p>
      </div>
      {action}
    </div>
  );
}

/** A grey shape where something is being read. */
export function Skeleton({ className }: { className: string }) {
  return <div aria-hidden className={cx("animate-pulse rounded-lg bg-ink/7", className)} />;
}

export function Loading({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div aria-busy="true">
      <span role="status" className="sr-only">
        {label}
      </span>
      {children}
    </div>
  );
}
