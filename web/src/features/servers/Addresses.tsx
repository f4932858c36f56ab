import { Check, Copy } from "lucide-react";
import type { Address, Server } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { useCopy } from "../../ui/use-copy.ts";

const textOf = ({ host, port }: Address): string => `${host}:${port}`;

/** Where players join: the first address in big type, the others below it. */
export function Addresses({ server }: { server: Server }) {
  const [first, ...others] = server.addresses;
  if (!first) return <p className="text-ink-3">It gets its join address with its node.</p>;
  return (
    <div className="min-w-0">
      <p className="eyebrow mb-1.5">Join address</p>
      <BigAddress text={textOf(first)} />
      {others.length > 0 && (
        <ul className="mt-3 flex flex-wrap gap-x-6">
          {others.map((address) => (
            <li key={address.name} className="flex items-center text-[0.9rem]">
              <span className="text-ink-3">{address.name}&ensp;</span>
              <code className="font-mono">{textOf(address)}</code>
              <CopyButton text={textOf(address)} label={`Copy the address ${address.name}`} size={14} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function BigAddress({ text }: { text: string }) {
  const { state, copy } = useCopy();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      <code className="font-mono text-[clamp(1.25rem,5.4vw,1.75rem)] leading-none font-medium tracking-[-0.03em] break-all">
        {text}
      </code>
      <Button size="small" onClick={() => copy(text)} className="min-w-24">
        {state === "copied" ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        <span aria-live="polite">{{ idle: "Copy", copied: "Copied", failed: "Not copied" }[state]}</span>
      </Button>
    </div>
  );
}
