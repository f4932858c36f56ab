import { TriangleAlert } from "lucide-react";
import type { Server } from "../../api/types.ts";
import { titleOf } from "../../lib/words.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";

/** What the node says is wrong with the server: a sentence, or the last words of a failed build. */
export function FaultNote({ server }: { server: Server }) {
  if (!server.error) return null;
  const { code, message } = server.error;
  return (
    <section aria-label="What is wrong" className="panel animate-appear border-crashed/35 bg-crashed/6">
      <div className="flex items-center gap-3 pt-2 pr-2 pl-5">
        <TriangleAlert size={17} aria-hidden className="shrink-0 text-crashed" />
        <h2 className="flex-1 font-medium">{titleOf(server.error)}</h2>
        <code className="font-mono text-[0.8rem] text-ink-3">{code}</code>
        <CopyButton text={`${code}\n${message}`} label="Copy the error" />
      </div>
      <div
        tabIndex={0}
        role="region"
        aria-label="Error message"
        className="max-h-56 overflow-auto px-5 pt-1 pb-4 whitespace-pre-wrap text-ink-2 -outline-offset-2 [overflow-wrap:anywhere]"
      >
        {message}
      </div>
    </section>
  );
}
