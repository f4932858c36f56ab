import { useQuery } from "@tanstack/react-query";
import { nodesQuery } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { Ago, For } from "../../ui/Moment.tsx";

/** Since when the state is as it is. Of a server whose state nobody knows: when its node was last heard. */
export function Since({ server }: { server: Server }) {
  return server.state === "Unknown" ? <LastHeard nodeId={server.node.id} /> : <For since={server.since} />;
}

function LastHeard({ nodeId }: { nodeId: string }) {
  const nodes = useQuery(nodesQuery);
  const at = nodes.data?.find(({ id }) => id === nodeId)?.lastSeenAt ?? null;
  if (at === null) return "no contact";
  return (
    <>
      last heard <Ago at={at} />
    </>
  );
}
