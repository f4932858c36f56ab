import { useMutation, useQueryClient } from "@tanstack/react-query";
import { endAdoption } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys } from "../../api/queries.ts";
import type { Node, Server } from "../../api/types.ts";
import { sessionText } from "@playspawn/shared/words/node.ts";
import { shortcomings, sessionTone } from "../../lib/nodes.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { Ago } from "../../ui/Moment.tsx";
import { Notice, ProblemNote } from "../../ui/notices.tsx";
import { DriveFailure } from "./DriveFailure.tsx";
import { NodeActions } from "./NodeActions.tsx";
import { NodeCapabilities } from "./NodeCapabilities.tsx";
import { NodeCapacity } from "./NodeCapacity.tsx";

interface Props {
  node: Node;
  servers: Server[];
}

export function NodeCard({ node, servers }: Props) {
  const silent = node.session === "unreachable";
  return (
    <li className={cx("panel p-5 sm:p-6", silent && "border-crashed/40")}>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="min-w-0">
          <h2 className="text-[1.2rem] font-semibold [overflow-wrap:anywhere]">{node.name}</h2>
          <p className="font-mono text-[0.867rem] text-ink-3 [overflow-wrap:anywhere]">
            {[node.address, node.version && `agent ${node.version}`, node.url && `dialled at ${node.url}`]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </div>
        <SessionLine node={node} />
      </div>
      {silent && <Silent servers={servers.length} />}
      {node.url && node.session !== "connected" && (
        <div className="mt-4">
          <DriveFailure node={node} />
        </div>
      )}
      <Warnings node={node} />
      {node.capacity && <NodeCapacity capacity={node.capacity} servers={servers} />}
      <div className="mt-5 flex flex-wrap items-start justify-between gap-x-4 gap-y-1 border-t border-line pt-3">
        <NodeCapabilities capabilities={node.capabilities} />
        <NodeActions node={node} servers={servers.length} />
      </div>
    </li>
  );
}

function Silent({ servers }: { servers: number }) {
  return (
    <Notice className="mt-4 border-crashed/35 bg-crashed/7">
      {servers > 0 && "Its servers may well be running: players can join as long as the machine is up. "}
      Check that the machine is on, that its agent runs and that it reaches this address. It comes back by itself.
    </Notice>
  );
}

const tones = { good: "bg-running", wait: "bg-waking", bad: "bg-crashed", none: "bg-line-strong" };

function SessionLine({ node }: { node: Node }) {
  const tone = sessionTone(node.session);
  return (
    <p role="status" className="flex items-center gap-2.5">
      <span aria-hidden className={cx("size-2.5 rounded-full", tones[tone], tone === "wait" && "animate-pulse")} />
      <span className="font-medium">{sessionText[node.session]}</span>
      {node.session !== "connected" && node.lastSeenAt !== null && (
        <span className="text-ink-3">
          last heard <Ago at={node.lastSeenAt} />
        </span>
      )}
    </p>
  );
}

function Warnings({ node }: { node: Node }) {
  return (
    <>
      {node.quarantined && (
        <Notice className="mt-4">
          Two machines used this node’s secret, as after a disk was copied, so both are locked out. Make a new secret
          and give it to the right one; the other joins as a node of its own.
        </Notice>
      )}
      {node.adopt && <AdoptNotice node={node} />}
      {shortcomings(node.capabilities).map((line) => (
        <Notice key={line} className="mt-4 [overflow-wrap:anywhere]">
          {line}
        </Notice>
      ))}
    </>
  );
}

function AdoptNotice({ node }: { node: Node }) {
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: (accept: boolean) => endAdoption(node.id, accept),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.nodes }),
  });
  return (
    <Notice className="mt-4">
      <p>
        This node knows newer orders than this database, as after restoring a backup. What runs there goes on, and
        nothing is stopped until you choose what counts.
      </p>
      {end.isError && <ProblemNote problem={problemFrom(end.error)} />}
      <div className="mt-3 flex flex-wrap gap-2.5">
        <Button size="small" busy={end.isPending} onClick={() => end.mutate(true)}>
          What runs on the node
        </Button>
        <Button size="small" busy={end.isPending} onClick={() => end.mutate(false)}>
          What this database says
        </Button>
      </div>
    </Notice>
  );
}
