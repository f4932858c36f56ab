import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { createServer } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keyPerBody } from "../../api/idempotency-key.ts";
import { applyServer } from "../../api/live.ts";
import { gamesQuery, gameOf, nodesQuery } from "../../api/queries.ts";
import type { CreateServer, Game } from "../../api/types.ts";
import { NotFound } from "../../layouts/NotFound.tsx";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { defaultIdleSeconds } from "../../lib/idle.ts";
import { faultsByField, type Problem } from "@playspawn/shared/api/problem.ts";
import { asksForMore, fieldsOf, namesFrom, variableFaults, valuesOf, type FieldValues } from "../../lib/variables.ts";
import { paths } from "../../paths.ts";
import { ports } from "../../ports.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { useFocusFault } from "../../ui/use-focus-fault.ts";
import { GameSummary } from "./GameSummary.tsx";
import { IdleField } from "./IdleField.tsx";
import { VariableGroups } from "../../ui/VariableGroups.tsx";

export function CreateServerPage() {
  const { game: id = "" } = useParams();
  const games = useQuery(gamesQuery);
  const game = gameOf(games.data, id);
  if (games.isError && !games.data)
    return <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />;
  if (games.isPending) return null;
  if (!game) return <NotFound what="game" />;
  return (
    <>
      <PageHeader
        back={{ to: paths.newServer, name: "New server" }}
        title={`New ${game.name} server`}
        lead={
          asksForMore(game.variables)
            ? "Everything but the name and what is marked as needed has a sound default."
            : "Everything but the name has a sound default."
        }
      />
      <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
        <CreateForm key={game.id} game={game} />
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

/** Codes that say that no machine would take it: the way on is to look at the nodes. */
const nodeCodes = new Set(["no_node", "node_unreachable", "ports_exhausted", "port_taken"]);

/** What a node refused may go as soon as one comes back: then what it said is old. */
function useForgetWhenNodesChange(forget: () => void): void {
  const nodes = useQuery(nodesQuery);
  const ready = nodes.data?.filter(({ session }) => session === "connected").map(({ id }) => id);
  const which = ready?.join(" ");
  useEffect(forget, [which, forget]);
}

/** The fields: what was typed, else the game's defaults, where the name that players see follows the server's. */
function useFields(game: Game, name: string) {
  const [edits, setEdits] = useState<FieldValues>({});
  const follows = name.trim() === "" ? {} : namesFrom(game.variables, name.trim());
  const fields: FieldValues = { ...fieldsOf(game.variables), ...follows, ...edits };
  return { fields, edit: (field: string, value: string | boolean) => setEdits({ ...edits, [field]: value }) };
}

function CreateForm({ game }: { game: Game }) {
  const [name, setName] = useState("");
  const { fields, edit } = useFields(game, name);
  const [idleSeconds, setIdleSeconds] = useState<number | null>(defaultIdleSeconds);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const create = useCreate();
  useForgetWhenNodesChange(create.reset);
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
      aria-label="New server"
      className="panel"
      // What was refused is not what stands here any more.
      onChange={() => create.isError && create.reset()}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="grid gap-7 p-5 sm:p-7">
        <TextField
          label="Name"
          name="name"
          autoFocus
          autoComplete="off"
          dir="auto"
          maxLength={60}
          placeholder={`Friday ${game.name}`}
          value={name}
          fault={faults["name"]}
          onChange={(event) => setName(event.target.value)}
        />
        <IdleField seconds={idleSeconds} fault={faults["idleSeconds"]} onChange={setIdleSeconds} />
      </div>
      {Object.keys(game.variables).length > 0 && (
        <fieldset className="grid gap-7 border-t border-line p-5 sm:p-7">
          <legend className="float-left w-full text-[1.1rem] font-semibold">{game.name} settings</legend>
          <VariableGroups variables={game.variables} values={fields} faults={faults} onChange={edit} />
        </fieldset>
      )}
      <Footer problem={problem} busy={create.isPending} />
    </form>
  );
}

interface FooterProps {
  problem: Problem | undefined;
  busy: boolean;
}

/** Always in sight, with what was refused beside the button that was pressed. */
function Footer({ problem, busy }: FooterProps) {
  const toNodes = (
    <Link to={paths.nodes} className="underline">
      Look at the nodes
    </Link>
  );
  return (
    <div className="sticky bottom-15 z-20 short:static grid gap-4 rounded-b-[0.875rem] border-t border-line bg-surface/95 px-5 py-4 backdrop-blur-sm sm:px-7 lg:bottom-0">
      {problem && problem.faults.length === 0 && (
        <ProblemNote focus problem={problem} action={nodeCodes.has(problem.code) && toNodes} />
      )}
      <div className="flex items-center justify-end gap-3">
        <Link to={paths.newServer} className={buttonClass("ghost")}>
          Back
        </Link>
        <Button type="submit" look="primary" busy={busy}>
          Create server
        </Button>
      </div>
    </div>
  );
}
