import { Check, ChevronRight, Minus } from "lucide-react";
import { capabilityName, capabilityText } from "@playspawn/shared/words/node.ts";
import type { Node } from "../../api/types.ts";
import { capabilityGroups, type CapabilityValue } from "../../lib/nodes.ts";

/** How the node protects and what the machine is like, for whoever wants to know. */
export function NodeCapabilities({ capabilities }: { capabilities: Node["capabilities"] }) {
  const groups = capabilityGroups(capabilities);
  if (groups.length === 0) return <span />;
  return (
    <details className="group min-w-0 flex-1 basis-full sm:basis-72">
      <summary className="flex h-8 w-fit cursor-pointer list-none items-center gap-1.5 text-[0.9rem] text-ink-2 hover:text-ink">
        <ChevronRight size={15} aria-hidden className="transition-transform group-open:rotate-90" /> Protection and
        machine
      </summary>
      <div className="mt-2 mb-1 grid gap-x-12 gap-y-5 md:grid-cols-2">
        {groups.map(({ title, entries }) => (
          <section key={title}>
            <h3 className="eyebrow mb-1.5">{title}</h3>
            <dl>
              {entries.map(([name, value]) => (
                <div key={name} className="flex justify-between gap-6 border-b border-line/60 py-1.5 text-[0.867rem]">
                  <dt className="text-ink-2">{capabilityName(name)}</dt>
                  <dd className="text-right [overflow-wrap:anywhere]">
                    <Value value={value} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </details>
  );
}

function Value({ value }: { value: CapabilityValue }) {
  if (typeof value !== "boolean") return <span className="font-mono">{capabilityText(value)}</span>;
  const Icon = value ? Check : Minus;
  return (
    <span className="inline-flex items-center gap-1.5">
      <Icon size={14} aria-hidden className={value ? "text-running" : "text-ink-3"} /> {capabilityText(value)}
    </span>
  );
}
