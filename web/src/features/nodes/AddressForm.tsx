import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ComponentProps } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { addNode } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys, nodesQuery } from "../../api/queries.ts";
import type { Node } from "../../api/types.ts";
import { hex } from "../../lib/hex.ts";
import { addressFaults } from "../../lib/nodes.ts";
import { ports } from "../../ports.ts";
import { Button } from "../../ui/Button.tsx";
import { CommandBox } from "../../ui/CommandBox.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { useFocusFault } from "../../ui/use-focus-fault.ts";
import { DriveFailure } from "./DriveFailure.tsx";
import { Joined } from "./use-new-node.tsx";

const secretBytes = 32;

interface Props {
  /** One that is there already, whose secret was changed on its machine. */
  node?: Pick<Node, "name" | "url">;
  onClose: () => void;
}

/** A node that cannot dial out: this Playspawn dials it, at its agent's own address and with its agent's own secret. */
export function AddressForm({ node, onClose }: Props) {
  const client = useQueryClient();
  const [fields, setFields] = useState({ name: node?.name ?? "", url: node?.url ?? "", secret: "" });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const add = useMutation({
    mutationFn: addNode,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.nodes }),
  });
  const problem = add.isError ? problemFrom(add.error) : undefined;
  const faults = { ...faultsByField(problem?.faults ?? []), ...wrong };
  const form = useFocusFault(faults);
  if (add.data) return <Dialling id={add.data.id} name={add.data.name} onClose={onClose} />;
  const field = (name: keyof typeof fields) => ({
    name,
    value: fields[name],
    fault: faults[name],
    autoComplete: "off",
    spellCheck: false,
    onChange: (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value }),
  });
  const submit = (): void => {
    const found = addressFaults(fields);
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    add.mutate({ name: fields.name.trim(), url: fields.url.trim(), secret: fields.secret.trim() });
  };
  return (
    <form
      ref={form}
      noValidate
      aria-label="Node by address"
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <p className="text-ink-2">
        For a machine that this Playspawn can reach, but that cannot dial out. Start its agent with a secret and without
        a control plane; port 8001 must be open for this machine.
      </p>
      <TextField label="Name" maxLength={60} placeholder="basement" {...field("name")} />
      <TextField
        label="Address"
        help="Where its agent answers: https, or http within a private network."
        inputMode="url"
        placeholder="https://node1.example.org:8001"
        className="font-mono"
        {...field("url")}
      />
      <SecretField {...field("secret")} onMake={(secret) => setFields({ ...fields, secret })} />
      {problem && problem.faults.length === 0 && <ProblemNote problem={problem} focus />}
      <div className="flex justify-end gap-2.5">
        <Button look="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" look="primary" busy={add.isPending}>
          {node ? "Use this secret" : "Add node"}
        </Button>
      </div>
    </form>
  );
}

interface SecretProps extends ComponentProps<"input"> {
  value: string;
  fault: string | undefined;
  onMake: (secret: string) => void;
}

/** The agent's own secret: typed, or made here and carried to its machine. */
function SecretField({ value, onMake, ...rest }: SecretProps) {
  const secret = value.trim();
  const make = (): void => onMake(hex(ports.rng.bytes(secretBytes)));
  return (
    <>
      <TextField
        label="Secret"
        help="Its PLAYSPAWN_NODE_SECRET, 32 characters or more. Kept encrypted and never shown again."
        className="font-mono"
        value={value}
        aside={
          <Button size="small" look="ghost" className="-my-1.5" onClick={make}>
            Make one up
          </Button>
        }
        {...rest}
      />
      {secret !== "" && (
        <CommandBox
          text={`export PLAYSPAWN_NODE_SECRET=${secret}\n./scripts/start --node`}
          label="Copy the lines for its machine"
        />
      )}
    </>
  );
}

/** Stored; now it is dialled. What holds it up is said here, where it was typed. */
function Dialling({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const nodes = useQuery(nodesQuery);
  const node = nodes.data?.find((one) => one.id === id);
  const connected = node?.session === "connected";
  return (
    <>
      <div role="status" className="flex items-center gap-2.5">
        {connected ? (
          <Joined name={name} />
        ) : (
          <>
            <Spinner size={14} /> {name} was added and is being dialled.
          </>
        )}
      </div>
      {node && !connected && <DriveFailure node={node} />}
      <div className="flex justify-end">
        <Button data-autofocus look={connected ? "primary" : "plain"} onClick={onClose}>
          {connected ? "Done" : "Close"}
        </Button>
      </div>
    </>
  );
}
