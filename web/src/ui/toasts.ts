/** Short messages at the edge of the page: good news goes by itself, bad news stays until it is read. */
import { ports } from "../ports.ts";

export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
  /** What to copy into a report. */
  details?: string;
  /** One press takes back what was done. */
  undo?: { word: string; onUndo: () => void };
}

const goodMs = 4000;
/** Long enough to notice and to decide. */
const undoMs = 10_000;
const toastsMax = 4;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

const become = (next: readonly Toast[]): void => {
  toasts = next;
  for (const listener of listeners) listener();
};

export const dismiss = (id: number): void => become(toasts.filter((toast) => toast.id !== id));

export function toast(message: Omit<Toast, "id">): void {
  const id = ++last;
  // The same word twice is one word.
  become([...toasts.filter(({ text }) => text !== message.text), { ...message, id }].slice(-toastsMax));
  if (message.tone === "good") ports.timers.after(message.undo ? undoMs : goodMs, () => dismiss(id));
}

export const toastStore = {
  subscribe(fn: () => void): () => void {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
  read: (): readonly Toast[] => toasts,
};
