import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Button.tsx";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** The browser's own modal: it keeps the focus inside, closes on Escape and needs no injected style. Mounted means open. */
export function Dialog({ title, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    // Closing it on unmount would report a close that nobody asked for; leaving the page is enough.
    if (ref.current?.open === false) ref.current.showModal();
    ref.current?.querySelector<HTMLElement>("input, [data-autofocus]")?.focus();
    // Only a closed dialog gives the focus back by itself.
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
      className="m-auto w-[min(32rem,calc(100vw-2rem))] animate-appear rounded-2xl border border-line bg-surface p-0 text-ink shadow-2xl shadow-black/30"
    >
      <div className="grid gap-4 p-6">
        <div className="flex items-start justify-between gap-4">
          <h2 id={titleId} className="text-[1.2rem] font-semibold">
            {title}
          </h2>
          <IconButton label="Close" onClick={onClose} className="-mt-1.5 -mr-2">
            <X size={18} />
          </IconButton>
        </div>
        {children}
      </div>
    </dialog>
  );
}
