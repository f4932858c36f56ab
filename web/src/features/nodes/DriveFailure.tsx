import { useQuery } from "@tanstack/react-query";
import { nodeEventsQuery } from "../../api/queries.ts";
import type { Node } from "../../api/types.ts";
import { driveFailure } from "../../lib/nodes.ts";
import { Notice } from "../../ui/notices.tsx";

const againMs = 5_000;

/** Why a node that is dialled does not answer, in the words of the last try. */
export function DriveFailure({ node }: { node: Node }) {
  const events = useQuery({ ...nodeEventsQuery(node.id), refetchInterval: againMs });
  const reason = driveFailure(events.data ?? []);
  if (reason === undefined) return null;
  return (
    <Notice className="[overflow-wrap:anywhere]">
      <p className="font-medium">The last try failed</p>
      <p className="text-ink-2">{reason}</p>
    </Notice>
  );
}
