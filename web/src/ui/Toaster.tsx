import { Check, TriangleAlert, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { Button, IconButton } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { dismiss, toastStore, type Toast } from "./toasts.ts";

export function Toaster() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read);
  return (
    <div
      role="log"
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-40 grid justify-items-center gap-2 lg:bottom-6 lg:left-[15rem]"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const bad = toast.tone === "bad";
  return (
    <div className="pointer-events-auto flex w-fit max-w-md animate-appear items-start gap-3 rounded-xl border border-line bg-raised py-2 pr-2 pl-4 shadow-xl shadow-black/20">
      <span className={bad ? "mt-2 text-crashed" : "mt-2 text-running"}>
        {bad ? <TriangleAlert size={17} aria-hidden /> : <Check size={17} aria-hidden />}
      </span>
      <p className="min-w-0 flex-1 py-1.5 [overflow-wrap:anywhere]">{toast.text}</p>
      {toast.undo && <UndoButton id={toast.id} undo={toast.undo} />}
      {toast.details && <CopyButton text={toast.details} label="Copy details" />}
      <IconButton label="Dismiss" onClick={() => dismiss(toast.id)}>
        <X size={16} />
      </IconButton>
    </div>
  );
}

function UndoButton({ id, undo }: { id: number; undo: NonNullable<Toast["undo"]> }) {
  const press = (): void => {
    dismiss(id);
    undo.onUndo();
  };
  return (
    <Button size="small" onClick={press} className="self-center">
      {undo.word}
    </Button>
  );
}
