import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { endAdoption } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys } from "../../api/queries.ts";
import type { Node, Server } from "../../api/types.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { capabilityName, capabilityText, sessionText } from "@playspawn/shared/words/node.ts";
import { sessionTone, usageOf } from "../../lib/nodes.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { Ago } from "../../ui/Moment.tsx";
import { Notice, ProblemNote } from "../../ui/notices.tsx";

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
          <p className="font-mono text-[0.867rem] text-ink-3">
            {[node.address, node.version && `agent ${node.version}`].filter(Boolean).join(" · ")}
          </p>
        </div>
        <SessionLine node={node} />
      </div>
      {silent && <Silent servers={servers.length} />}
      <Warnings node={node} />
      {node.capacity && <Capacity node={node} servers={servers} />}
      {node.capabilities && <Capabilities capabilities={node.capabilities} />}
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
          Two machines used this node’s secret, so it is locked out. Give the right one a new secret, then restart its
          agent.
        </Notice>
      )}
      {node.adopt && <AdoptNotice node={node} />}
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

function Capacity({ node, servers }: Props) {
  const { memoryBytes, cpus, diskFreeBytes, ports } = node.capacity!;
  const usage = usageOf(servers, memoryBytes);
  return (
    <div className="mt-6 grid gap-6 grid-cols-2 sm:grid-cols-4 xl:grid-cols-[minmax(0,1.9fr)_repeat(4,minmax(0,1fr))]">
      <div className="col-span-full xl:col-span-1">
        <p className="eyebrow mb-1.5">Memory</p>
        <div
          role="img"
          aria-label={[
            `${bytes(usage.awakeBytes)} awake`,
            usage.unknownBytes > 0 && `${bytes(usage.unknownBytes)} not known`,
            `${bytes(usage.asleepBytes)} asleep`,
            `of ${bytes(memoryBytes)}`,
          ]
            .filter(Boolean)
            .join(", ")}
          className="flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-ink/9"
        >
          <span
            className="bg-running transition-[width] duration-700"
            style={{ width: `${usage.awakeShare * 100}%` }}
          />
          <span
            className="striped text-ink-3 transition-[width] duration-700"
            style={{ width: `${usage.unknownShare * 100}%` }}
          />
          <span
            className="bg-asleep/60 transition-[width] duration-700"
            style={{ width: `${usage.asleepShare * 100}%` }}
          />
        </div>
        <p className="mt-2 flex flex-wrap gap-x-4 text-[0.867rem] text-ink-2">
          {usage.unknownBytes > 0 && (
            <Key className="striped text-ink-3">{bytes(usage.unknownBytes)} awake or asleep: not known</Key>
          )}
          {(usage.awakeBytes > 0 || usage.unknownBytes === 0) && (
            <Key className="bg-running">{bytes(usage.awakeBytes)} awake</Key>
          )}
          {usage.asleepBytes > 0 && <Key className="bg-asleep/60">{bytes(usage.asleepBytes)} asleep</Key>}
          <span className="text-ink-3">of {bytes(memoryBytes)}</span>
        </p>
      </div>
      <Figure name="Servers">{servers.length}</Figure>
      <Figure name="CPUs">{cpus}</Figure>
      <Figure name="Disk free">{bytes(diskFreeBytes)}</Figure>
      <Figure name="Public ports">{`${ports.from}–${ports.to}`}</Figure>
    </div>
  );
}

function Key({ className, children }: { className: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className={cx("size-2 rounded-full", className)} />
      {children}
    </span>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <p className="eyebrow mb-1">{name}</p>
      <p className="font-mono text-[1.1rem] leading-tight whitespace-nowrap">{children}</p>
    </div>
  );
}

function Capabilities({ capabilities }: { capabilities: NonNullable<Node["capabilities"]> }) {
  const entries = Object.entries(capabilities);
  if (entries.length === 0) return null;
  return (
    <details className="group mt-5 border-t border-line pt-4">
      <summary className="cursor-pointer text-[0.9rem] text-ink-2 hover:text-ink">
        What this node can do <span className="font-mono text-ink-3">{entries.length}</span>
      </summary>
      <dl className="mt-3 grid gap-x-8 gap-y-1.5 sm:grid-cols-2 lg:grid-cols-3">
        {entries.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 border-b border-line/60 pb-1.5 text-[0.867rem]">
            <dt className="text-ink-3">{capabilityName(name)}</dt>
            <dd className="text-right font-mono [overflow-wrap:anywhere]">{capabilityText(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
