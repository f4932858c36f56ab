import { useEffect, type ReactNode } from "react";
import { BackLink } from "./BackLink.tsx";
import { useHeadingFocus } from "../ui/use-heading-focus.ts";

interface Props {
  title: string;
  lead?: ReactNode;
  action?: ReactNode;
  /** The page above this one. */
  back?: { to: string; name: string };
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Playspawn`;
  }, [title]);
}

export function PageHeader({ title, lead, action, back }: Props) {
  useTitle(title);
  const heading = useHeadingFocus();
  return (
    <>
      {back && <BackLink {...back} />}
      <header className="mb-7 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
        <div className="min-w-0">
          <h1
            ref={heading}
            tabIndex={-1}
            className="text-[1.75rem] leading-tight font-semibold tracking-[-0.025em] outline-none"
          >
            {title}
          </h1>
          {lead && <p className="mt-1 text-ink-2">{lead}</p>}
        </div>
        {action}
      </header>
    </>
  );
}
