import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { cx } from "./cx.ts";
import { errorCatalog } from "@playspawn/shared/domain/errors.ts";
import { withoutTitle, type Problem } from "@playspawn/shared/api/problem.ts";

export const problemReport = ({ title, detail, code, requestId }: Problem): string =>
  [title, detail, `code ${code}`, requestId && `request ${requestId}`].filter(Boolean).join("\n");

interface ProblemProps {
  problem: Problem;
  onRetry?: (() => void) | undefined;
  /** What helps, when it is not the same again. */
  action?: ReactNode;
  /** Takes the focus: what was pressed is elsewhere, or gone. */
  focus?: boolean;
}

/** A problem that stands where it happened, with what to tell whoever looks into it. */
export function ProblemNote({ problem, onRetry, action, focus = false }: ProblemProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focus) box.current?.focus();
  }, [focus, problem]);
  const detail = withoutTitle(problem);
  return (
    <div
      ref={box}
      tabIndex={focus ? -1 : undefined}
      role="alert"
      className="flex animate-appear items-start gap-3 rounded-xl border border-crashed/35 bg-crashed/7 py-2 pr-2 pl-4"
    >
      <TriangleAlert size={18} aria-hidden className="mt-2 shrink-0 text-crashed" />
      <div className="min-w-0 flex-1 py-1.5">
        <p className="font-medium">{problem.title}</p>
        {detail && <p className="text-ink-2 [overflow-wrap:anywhere]">{detail}</p>}
        {action}
        <ErrorPageLink code={problem.code} />
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

/** What a code means and what to do about it, on this installation's own page; nothing for what is no code of the API. */
export function ErrorPageLink({ code }: { code: string }) {
  if (!Object.hasOwn(errorCatalog, code)) return null;
  return (
    <a
      href={`/errors/${code}`}
      target="_blank"
      rel="noreferrer"
      className="inline-block py-1 text-[0.867rem] text-ink-3 underline decoration-line-strong underline-offset-3 hover:text-ink"
    >
      What <code className="font-mono">{code}</code> means
      <span className="sr-only">(opens a new tab)</span>
    </a>
  );
}

/** Something to know or to decide; no alarm. */
export function Notice({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx("rounded-xl border border-waking/40 bg-waking/8 px-4 py-3", className)}>{children}</div>;
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
