import { ArrowDownToLine, Pause, Search } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Server } from "../../api/types.ts";
import { plain } from "../../lib/ansi.ts";
import { copied, type LogBuffer, type LogLine } from "../../lib/log-buffer.ts";
import { briefly } from "@playspawn/shared/api/problem.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { LogLines } from "./LogLines.tsx";
import { useLog } from "./use-log.ts";

// The line that has not ended is a prompt or a progress count: it belongs on the screen too.
const linesOf = ({ lines, rest, last }: LogBuffer): readonly LogLine[] =>
  rest === "" ? lines : [...lines, { n: last + 1, text: rest }];

// Steady states only: while it boots, the connection that is there stays.
const steady = new Set<Server["have"]>(["ready", "failed"]);
const runOf = ({ have, since }: Server): string => (steady.has(have) ? `${have} ${since}` : "");

const matching = (lines: readonly LogLine[], needle: string): readonly LogLine[] =>
  needle === "" ? lines : lines.filter(({ text }) => plain(text).toLowerCase().includes(needle));

/** The live console: followed by default, held still when somebody reads back. */
export function LogPanel({ server }: { server: Server }) {
  const { log, connecting, problem } = useLog(server.id, runOf(server));
  const [held, setHeld] = useState<LogBuffer>();
  const [search, setSearch] = useState("");
  const shown = held ?? log;
  const needle = search.trim().toLowerCase();
  const lines = matching(linesOf(shown), needle);
  const missed = held ? Math.max(0, log.last - held.last) : 0;
  const follow = (on: boolean): void => setHeld(on ? undefined : (held ?? log));
  return (
    <section aria-label="Log" className="panel min-w-0 overflow-hidden">
      <div className="flex flex-wrap items-center gap-x-1 gap-y-2 border-b border-line py-1.5 pr-2 pl-5">
        <h2 className="mr-auto font-medium">Log</h2>
        <SearchBox text={search} onText={setSearch} found={needle === "" ? undefined : lines.length} />
        <IconButton
          label={held ? "Follow the log" : "Pause the log"}
          aria-pressed={held !== undefined}
          onClick={() => follow(held !== undefined)}
        >
          {held ? <ArrowDownToLine size={16} /> : <Pause size={16} />}
        </IconButton>
        <CopyButton text={lines.map(({ text }) => copied(text)).join("\n")} label="Copy the log" />
      </div>
      <div className="relative">
        <LogLines
          lines={lines}
          needle={needle}
          following={held === undefined}
          onLeaveEnd={() => follow(false)}
          note={shown.dropped > 0 && needle === "" ? `${shown.dropped} older lines are not shown` : undefined}
          empty={
            <LogEmpty
              server={server}
              connecting={connecting}
              problem={problem && briefly(problem)}
              searching={needle !== ""}
            />
          }
        />
        {held && (
          <div className="absolute inset-x-0 bottom-4 grid justify-items-center">
            <Button size="small" className="shadow-lg shadow-black/15" onClick={() => follow(true)}>
              <ArrowDownToLine size={14} aria-hidden />
              {missed > 0 ? `${missed} new ${missed === 1 ? "line" : "lines"}` : "Follow"}
            </Button>
          </div>
        )}
      </div>
      {problem && lines.length > 0 && (
        <p role="status" className="border-t border-line px-5 py-2 text-[0.9rem] text-ink-2">
          {briefly(problem)} Trying again.
        </p>
      )}
    </section>
  );
}

interface SearchProps {
  text: string;
  onText: (text: string) => void;
  found: number | undefined;
}

function SearchBox({ text, onText, found }: SearchProps) {
  return (
    <div className="relative flex items-center">
      <Search size={14} aria-hidden className="absolute left-2.5 text-ink-3" />
      <input
        type="search"
        aria-label="Search the log"
        placeholder="Search"
        value={text}
        onChange={(event) => onText(event.target.value)}
        className="h-8 w-32 rounded-lg border border-line bg-transparent pr-2 pl-8 text-[0.9rem] placeholder:text-ink-3 focus:w-48 sm:w-44"
      />
      <span role="status" className="min-w-8 px-2 font-mono text-[0.8rem] text-ink-3">
        {found !== undefined && (
          <>
            {found}
            <span className="sr-only"> lines found</span>
          </>
        )}
      </span>
    </div>
  );
}

interface EmptyProps {
  server: Server;
  connecting: boolean;
  problem: string | undefined;
  searching: boolean;
}

function LogEmpty({ server, connecting, problem, searching }: EmptyProps): ReactNode {
  if (searching) return "No line matches.";
  if (problem) return `${problem} Trying again.`;
  if (server.have === "failed") return "It never started: it said nothing.";
  if (connecting && server.state !== "Deploying") return "Waiting for the first line…";
  return "Nothing yet. What the game prints appears here and stays through sleep.";
}
