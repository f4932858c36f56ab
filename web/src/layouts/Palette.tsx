import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, CornerDownLeft, Plus, Search } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { kickServer, type Kick } from "../api/commands.ts";
import { problemFrom } from "../api/errors.ts";
import { applyServer } from "../api/live.ts";
import { serversQuery } from "../api/queries.ts";
import type { Server } from "../api/types.ts";
import { matches, type Entry } from "../lib/palette.ts";
import { stateText } from "@playspawn/shared/words/server.ts";
import { askBeforePlayersLeave } from "../features/servers/use-kick.ts";
import { paths } from "../paths.ts";
import { cx } from "../ui/cx.ts";
import { StateGlyph } from "../ui/StateGlyph.tsx";
import { toast } from "../ui/toasts.ts";

interface Choice extends Entry {
  key: string;
  art?: ReactNode;
  run: () => void;
}

const shown = 8;

/** Everything that can be reached or done from anywhere. */
function useChoices(): Choice[] {
  const navigate = useNavigate();
  const client = useQueryClient();
  const servers = useQuery(serversQuery);
  const kick = useMutation({
    mutationFn: ({ id, kind }: { id: string; kind: Kick }) => kickServer(id, kind),
    retry: false,
    onSuccess: (server) => applyServer(client, server),
    onError: (error) => toast({ tone: "bad", text: problemFrom(error).detail }),
  });
  const go = (title: string, path: string, Icon = ArrowRight): Choice => ({
    key: path,
    title,
    hint: "Page",
    art: <Icon size={15} aria-hidden className="text-ink-3" />,
    run: () => void navigate(path),
  });
  const deeds = (server: Server): Choice[] => {
    const deed = (kind: Kick, verb: string): Choice => ({
      key: `${kind} ${server.id}`,
      title: `${verb} ${server.name}`,
      hint: "Action",
      run: () => askBeforePlayersLeave(server, kind, () => kick.mutate({ id: server.id, kind })),
    });
    return [
      ...(server.can.wake ? [deed("wake", "Wake")] : []),
      ...(server.can.hibernate ? [deed("hibernate", "Sleep")] : []),
      ...(server.can.restart ? [deed("restart", "Restart")] : []),
    ];
  };
  const page = (server: Server): Choice => ({
    ...go(server.name, paths.server(server.id)),
    hint: stateText(server),
    art: <StateGlyph state={server.state} />,
  });
  const list = servers.data ?? [];
  return [
    go("New server", paths.newServer, Plus),
    go("Servers", paths.servers),
    go("Games", paths.games),
    go("Nodes", paths.nodes),
    go("Trash", paths.trash),
    ...list.map(page),
    ...list.flatMap(deeds),
  ];
}

/** Opens on Ctrl+K or Cmd+K, wherever one is. */
export function Palette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return open && <PaletteDialog onClose={() => setOpen(false)} />;
}

function PaletteDialog({ onClose }: { onClose: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const listId = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = matches(useChoices(), text, shown);
  useEffect(() => {
    if (ref.current?.open === false) ref.current.showModal();
  }, []);
  const choose = (choice: Choice | undefined): void => {
    if (!choice) return;
    onClose();
    choice.run();
  };
  const pressed = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") choose(found[at]);
    else if (step !== undefined && found.length > 0) setAt((at + step + found.length) % found.length);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={ref}
      aria-label="Find and do"
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
      className="mx-auto mt-[14dvh] w-[min(36rem,calc(100vw-2rem))] animate-appear overflow-hidden rounded-2xl border border-line bg-surface p-0 text-ink shadow-2xl shadow-black/40"
    >
      <div className="relative border-b border-line">
        <Search size={17} aria-hidden className="absolute top-1/2 left-5 -translate-y-1/2 text-ink-3" />
        <input
          role="combobox"
          aria-label="Find a server, a page or an action"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={found[at] && `${listId}-${at}`}
          placeholder="Find a server, a page or an action"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={pressed}
          className="h-14 w-full bg-transparent pr-5 pl-13 text-[1.067rem] outline-none placeholder:text-ink-3"
        />
      </div>
      <ul id={listId} role="listbox" aria-label="Found" className="p-2">
        {found.map((choice, i) => (
          <Option
            key={choice.key}
            id={`${listId}-${i}`}
            choice={choice}
            active={i === at}
            onChoose={() => choose(choice)}
            onPoint={() => setAt(i)}
          />
        ))}
      </ul>
      {found.length === 0 && <p className="px-5 pb-5 text-ink-2">Nothing is called that.</p>}
    </dialog>
  );
}

interface OptionProps {
  id: string;
  choice: Choice;
  active: boolean;
  onChoose: () => void;
  onPoint: () => void;
}

/** The focus stays in the field; keys reach the list through it. */
function Option({ id, choice, active, onChoose, onPoint }: OptionProps) {
  return (
    <li
      id={id}
      role="option"
      aria-selected={active}
      onClick={onChoose}
      onPointerMove={onPoint}
      className={cx("flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2.5", active && "bg-ink/7")}
    >
      <span className="grid w-4 place-items-center">{choice.art}</span>
      <bdi className="min-w-0 flex-1 truncate">{choice.title}</bdi>
      <span className="text-[0.867rem] text-ink-3">{choice.hint}</span>
      <CornerDownLeft size={14} aria-hidden className={active ? "text-ink-3" : "invisible"} />
    </li>
  );
}
