import { ToggleGroup } from "radix-ui";
import { useState } from "react";
import { Dialog } from "../../ui/Dialog.tsx";
import { AddressForm } from "./AddressForm.tsx";
import { JoinByToken } from "./JoinByToken.tsx";

const ways = [
  { value: "token", name: "With a token" },
  { value: "address", name: "By its address" },
] as const;

type Way = (typeof ways)[number]["value"];

/** Two ways for a machine to become a node: it finds this Playspawn, or this Playspawn finds it. */
export function AddNodeDialog({ onClose }: { onClose: () => void }) {
  const [way, setWay] = useState<Way>("token");
  return (
    <Dialog title="Add a node" onClose={onClose}>
      <ToggleGroup.Root
        type="single"
        value={way}
        onValueChange={(value) => value && setWay(value as Way)}
        aria-label="How it comes"
        className="grid grid-cols-2 rounded-xl border border-line bg-well p-1"
      >
        {ways.map(({ value, name }) => (
          <ToggleGroup.Item
            key={value}
            value={value}
            data-autofocus={value === "token" || undefined}
            className="h-9 rounded-lg px-3 font-medium text-ink-3 transition-colors hover:text-ink data-[state=on]:bg-raised data-[state=on]:text-ink data-[state=on]:shadow-sm"
          >
            {name}
          </ToggleGroup.Item>
        ))}
      </ToggleGroup.Root>
      {way === "token" ? <JoinByToken onClose={onClose} /> : <AddressForm onClose={onClose} />}
    </Dialog>
  );
}
