import { useState } from "react";
import type { Progress } from "../../api/types.ts";
import { overall } from "@playspawn/shared/words/progress.ts";
import { ProgressBar } from "../../ui/ProgressBar.tsx";

interface Props {
  progress: Progress | null;
  label: string;
  className?: string;
}

/** How far all steps are together. Where a step counts anew, as a build of several images does, the bar waits for it. */
export function StepsBar({ progress, label, className }: Props) {
  const [top, setTop] = useState(0);
  const share = progress && overall(progress);
  const at = share ? Math.max(top, share.at) : 0;
  if (at !== top) setTop(at);
  return (
    <ProgressBar
      value={share ? at : null}
      upTo={share ? Math.max(at, share.stepEnds) : undefined}
      label={label}
      className={className}
    />
  );
}
