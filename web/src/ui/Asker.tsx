import { useSyncExternalStore } from "react";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { answer, questionStore } from "./questions.ts";

/** Shows whatever `ask` was given. */
export function Asker() {
  const question = useSyncExternalStore(questionStore.subscribe, questionStore.read);
  if (!question) return null;
  return (
    <Dialog title={question.title} onClose={() => answer(false)}>
      <p className="text-ink-2 [overflow-wrap:anywhere]">{question.text}</p>
      <div className="mt-2 flex flex-wrap justify-end gap-2.5">
        {/* What harms nobody has the focus. */}
        <Button look="ghost" data-autofocus onClick={() => answer(false)}>
          {question.no ?? "Cancel"}
        </Button>
        <Button look={question.isDanger ? "danger" : "primary"} onClick={() => answer(true)}>
          {question.yes}
        </Button>
      </div>
    </Dialog>
  );
}
