import { useRef, useState } from "react";
import { ports } from "../ports.ts";

const shownMs = 1800;

/** The clipboard API needs a secure page; on plain http the old way through a selected field still works. */
async function write(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "fixed opacity-0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

export type CopyState = "idle" | "copied" | "failed";

/** Copies text and says for a moment whether that worked. */
export function useCopy(): { state: CopyState; copy: (text: string) => void } {
  const [state, setState] = useState<CopyState>("idle");
  const cancel = useRef<() => void>(undefined);
  const copy = async (text: string): Promise<void> => {
    cancel.current?.();
    setState((await write(text)) ? "copied" : "failed");
    cancel.current = ports.timers.after(shownMs, () => setState("idle"));
  };
  return { state, copy: (text) => void copy(text) };
}
