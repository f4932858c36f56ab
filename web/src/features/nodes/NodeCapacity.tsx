import type { ReactNode } from "react";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import type { Node, Server } from "../../api/types.ts";
import { usageOf } from "../../lib/nodes.ts";
import { cx } from "../../ui/cx.ts";

interface Props {
  capacity: NonNullable<Node["capacity"]>;
  servers: Server[];
}

/** What the machine has, and how much of its memory the servers take awake and asleep. */
export function NodeCapacity({ capacity: { memoryBytes, cpus, diskFreeBytes, ports }, servers }: Props) {
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
