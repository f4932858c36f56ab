import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, RotateCw } from "lucide-react";
import { useState } from "react";
import { Link, Navigate, useNavigate } from "react-router";
import { deleteGame, editGame, reloadGame, setGameDisabled } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { gameSourceQuery, keys } from "../../api/queries.ts";
import type { Game, GameSource } from "../../api/types.ts";
import { fileFaults, type TemplateFile } from "../../lib/template-files.ts";
import { paths } from "../../paths.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { ask } from "../../ui/questions.ts";
import { toast } from "../../ui/toasts.ts";
import { forgetUnsaved, useUnsaved } from "../../ui/unsaved.ts";
import { useGame } from "./GamePage.tsx";
import { FilesPart } from "./FilesPart.tsx";
import { useCheck } from "./use-check.ts";
import { useFiles } from "./use-files.ts";
import { CheckWords, YamlEditor } from "./YamlEditor.tsx";

export function TemplateTab() {
  const { id, game, isAdmin } = useGame();
  const source = useQuery({ ...gameSourceQuery(id), enabled: isAdmin });
  if (!isAdmin) return <Navigate to={paths.game(id)} replace />;
  if (source.isError && !source.data)
    return <ProblemNote problem={problemFrom(source.error)} onRetry={() => void source.refetch()} />;
  if (!source.data)
    return (
      <Loading label="Reading the template">
        <Skeleton className="h-96" />
      </Loading>
    );
  return (
    <div className="grid gap-6">
      <Editor source={source.data} />
      {game && <Availability game={game} />}
      {source.data.origin === "own" && <DeleteOwn id={id} overrides={game?.overrides ?? false} />}
    </div>
  );
}

interface Change {
  yaml: string;
  files: readonly TemplateFile[] | undefined;
  force: boolean;
}

function useSave({ id, revision }: GameSource) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ yaml, files, force }: Change) => editGame(id, yaml, files && [...files], force ? null : revision),
    onSuccess: async (saved, { files }) => {
      client.setQueryData(keys.gameSource(id), saved);
      if (files) client.setQueryData(keys.gameFiles(id), { items: [...files] });
      toast({ tone: "good", text: "Saved. Servers get it by an update." });
      await client.invalidateQueries({ queryKey: keys.games });
    },
  });
}

/** What was not typed follows the source. */
function useDraft(source: GameSource) {
  const [edit, setEdit] = useState<string>();
  const text = edit ?? source.yaml;
  const beside = useFiles(source.id);
  const save = useSave(source);
  const { error, variables: sent } = save;
  // What was refused may not be what stands here any more.
  const isRefused = error !== null && sent?.yaml === text && sent.files === beside.changed;
  return {
    text,
    beside,
    changed: text !== source.yaml || beside.changed !== undefined,
    isSaving: save.isPending,
    problem: isRefused ? problemFrom(error) : undefined,
    type: setEdit,
    takeBack() {
      setEdit(undefined);
      beside.takeBack();
    },
    submit(force: boolean) {
      const files = beside.changed;
      // What is typed while it is on its way stays.
      const settle = (): void => {
        setEdit((now) => (now === text ? undefined : now));
        beside.settle(files);
      };
      save.mutate({ yaml: text, files, force }, { onSuccess: settle });
    },
  };
}

function Editor({ source }: { source: GameSource }) {
  const { text, beside, changed, problem, ...draft } = useDraft(source);
  const { faults, known } = useCheck(text);
  useUnsaved(changed);
  const wrongFiles = fileFaults(problem?.faults ?? [], beside.files ?? []);
  const refused = problem?.faults.flatMap(({ line, detail }) => (line === undefined ? [] : [{ line, reason: detail }]));
  // What stands on disk may have faults that the text alone does not show, such as a file that is missing.
  const shown = refused && refused.length > 0 ? refused : faults.length > 0 || changed ? faults : source.faults;
  return (
    <form
      noValidate
      aria-label="Template"
      className="panel min-w-0"
      onSubmit={(event) => {
        event.preventDefault();
        draft.submit(false);
      }}
    >
      <div className="grid gap-4 p-4 sm:p-5">
        <Top source={source} changed={changed} />
        <YamlEditor label="game.yaml" text={text} faults={shown} onText={draft.type} />
        {problem && !refused?.length && wrongFiles.length === 0 && (
          <ProblemNote
            problem={problem}
            focus
            action={problem.code === "conflict" && <Conflict onForce={() => draft.submit(true)} />}
          />
        )}
        <FilesPart beside={beside} faults={wrongFiles} />
      </div>
      <div className="sticky bottom-0 z-10 flex items-center justify-end gap-4 rounded-b-[0.875rem] border-t border-line bg-surface px-4 py-3 max-lg:bottom-15 sm:px-5">
        <CheckWords faults={faults} clean={known && !problem && faults.length === 0 && changed} />
        {changed && (
          <Button size="small" look="ghost" onClick={draft.takeBack}>
            Take back
          </Button>
        )}
        <Button
          type="submit"
          size="small"
          look={changed ? "primary" : "plain"}
          disabled={!changed}
          busy={draft.isSaving}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

function Top({ source: { id, origin }, changed }: { source: GameSource; changed: boolean }) {
  const client = useQueryClient();
  const reload = useMutation({
    mutationFn: () => reloadGame(id),
    onSuccess: async (read) => {
      client.setQueryData(keys.gameSource(id), read);
      await client.invalidateQueries({ queryKey: keys.gameFiles(id) });
      toast({ tone: "good", text: "Read again from the disk." });
      await client.invalidateQueries({ queryKey: keys.games });
    },
    onError: (error) => toast({ tone: "bad", text: problemFrom(error).detail }),
  });
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="text-ink-2 text-pretty">
          {origin === "shipped"
            ? "It lies in Playspawn's games folder. What you save becomes your version, which survives updates and can be taken back."
            : "Your own; it survives updates of Playspawn and is part of its backup."}
        </p>
      </div>
      <div className="flex flex-wrap gap-1">
        <Button look="ghost" size="small" busy={reload.isPending} disabled={changed} onClick={() => reload.mutate()}>
          {!reload.isPending && <RotateCw size={15} aria-hidden />} Reload
        </Button>
        <Link to={paths.newGameFrom(id)} className={buttonClass("ghost", "small")}>
          <Copy size={15} aria-hidden /> Copy as a new game
        </Link>
      </div>
    </div>
  );
}

function Conflict({ onForce }: { onForce: () => void }) {
  return (
    <Button size="small" look="danger" className="mt-2" onClick={onForce}>
      Overwrite it with mine
    </Button>
  );
}

interface SectionProps {
  title: string;
  lead: string;
  word: string;
  look?: "plain" | "danger";
  act: { isPending: boolean; isError: boolean; error: unknown };
  onPress: () => void;
}

function Section({ title, lead, word, look = "plain", act, onPress }: SectionProps) {
  return (
    <section aria-label={title} className="panel grid gap-4 p-5">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-[1.1rem] font-semibold">{title}</h2>
          <p className="mt-0.5 text-ink-3 text-pretty">{lead}</p>
        </div>
        <Button look={look} busy={act.isPending} onClick={onPress}>
          {word}
        </Button>
      </div>
      {act.isError && <ProblemNote problem={problemFrom(act.error)} />}
    </section>
  );
}

function Availability({ game: { id, disabled } }: { game: Game }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: () => setGameDisabled(id, !disabled),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.games }),
  });
  return (
    <Section
      title={disabled ? "It is disabled" : "Disable it"}
      lead={
        disabled ? "Nobody can make a new server of it." : "Nobody can make a new server of it then. Its servers go on."
      }
      word={disabled ? "Offer it again" : "Disable"}
      act={set}
      onPress={() => set.mutate()}
    />
  );
}

function DeleteOwn({ id, overrides }: { id: string; overrides: boolean }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteGame(id),
    onSuccess: async () => {
      forgetUnsaved();
      toast({ tone: "good", text: overrides ? "The shipped version counts again." : `${id} was deleted.` });
      await navigate(overrides ? paths.game(id) : paths.games);
      client.removeQueries({ queryKey: keys.gameSource(id) });
      await client.invalidateQueries({ queryKey: keys.games });
    },
  });
  const { question, ...words } = overrides
    ? {
        title: "Back to the shipped version",
        lead: "Your version is deleted.",
        word: "Delete my version",
        question: `Delete your version of ${id}?`,
      }
    : {
        title: "Delete it",
        lead: "The template and its files are deleted. Servers that use it must be deleted first.",
        word: "Delete",
        question: `Delete ${id}?`,
      };
  const press = (): void =>
    ask({ title: question, text: words.lead, yes: words.word, isDanger: true, onYes: () => remove.mutate() });
  return <Section {...words} look="danger" act={remove} onPress={press} />;
}
