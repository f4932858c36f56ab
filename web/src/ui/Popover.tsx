import { useId, type ReactElement, type ReactNode } from "react";

interface Props {
  /** Makes the button that opens it. */
  trigger: (props: { popoverTarget: string }) => ReactElement;
  label: string;
  children: ReactNode;
}

/** The browser's own popover, under the top right corner: closes on Escape and on a press beside it. */
export function Popover({ trigger, label, children }: Props) {
  const id = useId();
  return (
    <>
      {trigger({ popoverTarget: id })}
      <div
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className="fixed inset-auto top-15 right-3 w-64 rounded-xl border border-line bg-raised p-4 text-ink shadow-xl shadow-black/20"
      >
        {children}
      </div>
    </>
  );
}
