import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { addGame } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { gameSourceQuery, gamesQuery, keys } from "../../api/queries.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { fileFaults } from "../../lib/template-files.ts";
import { paths } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { SelectField } from "../../ui/fields.tsx";
import { Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { toast } from "../../ui/toasts.ts";
import { forgetUnsaved, useUnsaved, useUnsavedGuard } from "../../ui/unsaved.ts";
import { FilesPart } from "./FilesPart.tsx";
import { useCheck } from "./use-check.ts";
import { useFiles, type Files } from "./use-files.ts";
import { CheckWords, YamlEditor } from "./YamlEditor.tsx";

const empty = `id: my-game
name: My game
description: One or two sentences for the catalogue.
image: { ref: "owner/image:1.0" }

ports:
  game: { protocol: udp, container: 27015, public: auto }

variables:
  SERVER_NAME: { type: string, label: Name, default: A server, maxLength: 60 }

volumes: { data: /data }
cpu: 1
memory: 1G

readiness: { anyOf: [{ log: "server started" }], limitSeconds: 120 }
stop: { signal: SIGTERM, limitSeconds: 20 }
`;

/** A copy must not be taken for what it was copied from. */
const renamed = (yaml: string, id: string): string =>
  yaml.replace(/^(["']?id["']?\s*:\s*)\S+/m, `$1${`my-${id}`.slice(0, 31)}`);

export function NewGamePage() {
  const [query, setQuery] = useSearchParams();
  const copy = query.get("copy");
  const games = useQuery(gamesQuery);
  const source = useQuery({ ...gameSourceQuery(copy ?? ""), enabled: copy !== null });
  useUnsavedGuard();
  const start = copy === null ? empty : source.data && renamed(source.data.yaml, copy);
  return (
    <>
      <PageHeader
        title="Add a game"
        back={{ to: paths.games, name: "Games" }}
        lead="Its template says which image to run, which ports it has, and when players can join."
      />
      <div className="grid gap-6">
        <SelectField
          label="Start from"
          value={copy ?? ""}
          onChange={({ target }) => setQuery(target.value === "" ? {} : { copy: target.value }, { replace: true })}
          className="max-w-md"
        >
          <option value="">An empty template</option>
          {games.data?.items.map(({ id, name }) => (
            <option key={id} value={id}>
              A copy of {name}
            </option>
          ))}
        </SelectField>
        {start === undefined && source.isError && <ProblemNote problem={problemFrom(source.error)} />}
        {start === undefined && !source.isError && (
          <Loading label="Reading the template">
            <Skeleton className="h-96" />
          </Loading>
        )}
        {start !== undefined && <Editor key={copy ?? ""} start={start} copyOf={copy} />}
      </div>
    </>
  );
}

function Editor({ start, copyOf }: { start: string; copyOf: string | null }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [text, setText] = useState(start);
  const { faults, known } = useCheck(text);
  const beside = useFiles(copyOf);
  useUnsaved(text !== start || beside.changed !== undefined);
  const add = useMutation({
    mutationFn: ({ yaml, files }: { yaml: string; files: Files["files"] }) =>
      addGame(yaml, { copyOf, files: files && [...files] }),
    onSuccess: async ({ id }) => {
      forgetUnsaved();
      toast({ tone: "good", text: "Added. Test it, to see whether it works here." });
      await client.invalidateQueries({ queryKey: keys.games });
      await navigate(paths.game(id));
    },
  });
  // What was refused may not be what stands here any more.
  const isRefused = add.isError && add.variables.yaml === text && add.variables.files === beside.files;
  const problem = isRefused ? problemFrom(add.error) : undefined;
  const wrongFiles = fileFaults(problem?.faults ?? [], beside.files ?? []);
  const refused = problem?.faults.flatMap(({ line, detail }) => (line === undefined ? [] : [{ line, reason: detail }]));
  return (
    <form
      noValidate
      aria-label={copyOf === null ? "Empty template" : `Copy of ${copyOf}`}
      className="panel min-w-0"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ yaml: text, files: beside.files });
      }}
    >
      <div className="grid gap-4 p-4 sm:p-5">
        <YamlEditor
          label="game.yaml"
          text={text}
          faults={refused && refused.length > 0 ? refused : faults}
          onText={setText}
        />
        {problem && !refused?.length && wrongFiles.length === 0 && <ProblemNote problem={problem} focus />}
        <FilesPart beside={beside} faults={wrongFiles} />
      </div>
      <div className="sticky bottom-0 z-10 flex items-center justify-end gap-4 rounded-b-[0.875rem] border-t border-line bg-surface px-4 py-3 max-lg:bottom-15 sm:px-5">
        <CheckWords faults={faults} clean={known && !problem && faults.length === 0} />
        <Button type="submit" look="primary" busy={add.isPending}>
          Add the game
        </Button>
      </div>
    </form>
  );
}
