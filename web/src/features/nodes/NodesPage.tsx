import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import { nodesQuery, serversQuery } from "../../api/queries.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { Button } from "../../ui/Button.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { AddNodeDialog } from "./AddNodeDialog.tsx";
import { NodeCard } from "./NodeCard.tsx";

export function NodesPage() {
  const nodes = useQuery(nodesQuery);
  const servers = useQuery(serversQuery);
  const [adding, setAdding] = useState(false);
  const add = (
    <Button look="primary" onClick={() => setAdding(true)}>
      <Plus size={17} aria-hidden /> Add a node
    </Button>
  );
  return (
    <>
      <PageHeader title="Nodes" lead="Machines with Docker that run game servers." action={add} />
      {nodes.isPending && (
        <Loading label="Reading the nodes">
          <Skeleton className="h-56" />
        </Loading>
      )}
      {nodes.isError && <ProblemNote problem={problemFrom(nodes.error)} onRetry={() => void nodes.refetch()} />}
      {nodes.data?.length === 0 && (
        <Empty art={<StateGlyph state="Stopped" size={40} />} title="No node has joined yet">
          The agent of this machine joins by itself within a few seconds of the start. Another machine joins with one
          pasted line.
        </Empty>
      )}
      <ul className="grid gap-5">
        {nodes.data?.map((node) => (
          <NodeCard
            key={node.id}
            node={node}
            servers={servers.data?.filter((server) => server.node?.id === node.id) ?? []}
          />
        ))}
      </ul>
      {adding && <AddNodeDialog onClose={() => setAdding(false)} />}
    </>
  );
}
