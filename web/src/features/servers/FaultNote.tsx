import { TriangleAlert } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import type { Server } from "../../api/types.ts";
import { plain } from "../../lib/ansi.ts";
import { titleOf } from "@playspawn/shared/words/server.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { cx } from "../../ui/cx.ts";
import { ErrorPageLink } from "../../ui/notices.tsx";

/** What the node says is wrong with the server: a sentence, or the last words of a failed build. */
export function FaultNote({ server }: { server: Server }) {
  if (!server.error) return null;
  const { code } = server.error;
  const [sentence, ...output] = server.error.message.split("\n").map(plain);
  return (
    <section
      aria-label="What is wrong"
      className="panel min-w-0 animate-appear overflow-hidden border-crashed/35 bg-crashed/6"
    >
      <div className="flex items-center gap-3 pt-2 pr-2 pl-5">
        <TriangleAlert size={17} aria-hidden className="shrink-0 text-crashed" />
        <h2 className="flex-1 font-medium">{titleOf(server.error)}</h2>
        <CopyButton text={[code, sentence, ...output].join("\n")} label="Copy the error" />
      </div>
      <p className={cx("px-5 pt-1 text-ink-2 [overflow-wrap:anywhere]", output.length > 0 ? "pb-3" : "pb-4")}>
        {sentence} <ErrorPageLink code={code} />
      </p>
      {output.length > 0 && <Output text={output.join("\n").trim()} />}
    </section>
  );
}

/** What a game or a build printed: its end, which says most, is in sight. */
function Output({ text }: { text: string }) {
  const box = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <pre
      ref={box}
      tabIndex={0}
      role="region"
      aria-label="What it printed"
      className="max-h-56 overflow-auto border-t border-crashed/20 bg-well px-5 py-3 font-mono text-[0.833rem] leading-[1.6] whitespace-pre-wrap text-ink-2 -outline-offset-2 [overflow-wrap:anywhere]"
    >
      {text}
    </pre>
  );
}
