import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { createServer } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keyPerBody } from "../../api/idempotency-key.ts";
import { applyServer } from "../../api/live.ts";
import { gamesQuery, gameOf } from "../../api/queries.ts";
import type { CreateServer, Game } from "../../api/types.ts";
import { NotFound } from "../../layouts/NotFound.tsx";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { defaultIdleSeconds } from "../../lib/idle.ts";
import { faultsByField } from "../../lib/problem.ts";
import { fieldsOf, variableFaults, valuesOf } from "../../lib/variables.ts";
import { paths } from "../../paths.ts";
import { ports } from "../../ports.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { GameSummary } from "./GameSummary.tsx";
import { useFocusFault } from "../../ui/use-focus-fault.ts";
import { IdleField } from "./IdleField.tsx";
import { VariableFields } from "./VariableFields.tsx";

export function CreateServerPage() {
  const { game: id = "" } = useParams();
  const games = useQuery(gamesQuery);
  const game = gameOf(games.data, id);
  if (games.isError) return <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />;
  if (games.isPending) return null;
  if (!game) return <NotFound what="game" />;
  return (
    <>
      <PageHeader title={`New ${game.name} server`} lead="Everything but the name has a sound default." />
      <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
        <CreateForm game={game} />
        <GameSummary game={game} />
      </div>
    </>
  );
}

/** Creates, then leads to the new server's page, where the deploy can be watched. */
function useCreate() {
  const client = useQueryClient();
  const navigate = useNavigate();
  // Sent twice because the answer was lost, it still makes one server.
  const [keyOf] = useState(() => keyPerBody(ports.rng));
  return useMutation({
    mutationFn: (body: CreateServer) => createServer(body, keyOf(body)),
    onSuccess: (server) => {
      applyServer(client, server);
      void navigate(paths.server(server.id));
    },
  });
}

function CreateForm({ game }: { game: Game }) {
  const [name, setName] = useState("");
  const [fields, setFields] = useState(() => fieldsOf(game.variables));
  const [idleSeconds, setIdleSeconds] = useState<number | null>(defaultIdleSeconds);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const create = useCreate();
  const problem = create.isError ? problemFrom(create.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };

  const submit = (): void => {
    const found = variableFaults(game.variables, fields);
    if (name.trim() === "") found["name"] = "Give it a name, so that you find it again.";
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    create.mutate({ name: name.trim(), game: game.id, variables: valuesOf(game.variables, fields), idleSeconds });
  };
  const form = useFocusFault(faults);
  return (
    <form
      ref={form}
      noValidate
      className="panel grid gap-7 p-5 sm:p-7"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {problem && problem.faults.length === 0 && <ProblemNote problem={problem} />}
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={60}
        placeholder={`Friday ${game.name}`}
        value={name}
        fault={faults["name"]}
        onChange={(event) => setName(event.target.value)}
      />
      <VariableFields
        variables={game.variables}
        values={fields}
        faults={faults}
        onChange={(field, value) => setFields({ ...fields, [field]: value })}
      />
      <IdleField seconds={idleSeconds} fault={faults["idleSeconds"]} onChange={setIdleSeconds} />
      <div className="flex items-center justify-end gap-3 border-t border-line pt-6">
        <Link to={paths.newServer} className={buttonClass("ghost")}>
          Back
        </Link>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create server
        </Button>
      </div>
    </form>
  );
}
