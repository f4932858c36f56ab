/** A question that stands before an action, asked from anywhere and shown in one place. */
export interface Question {
  title: string;
  text: string;
  /** The word on the button that goes on. */
  yes: string;
  /** What goes on takes something away for good: that button is red. */
  isDanger?: boolean;
  onYes: () => void;
  /** The word on the button that does not; `Cancel` where nothing fits better. */
  no?: string;
  onNo?: () => void;
}

let question: Question | undefined;
const listeners = new Set<() => void>();

const become = (next: Question | undefined): void => {
  question = next;
  for (const listener of listeners) listener();
};

/** A second question takes the place of the first, which counts as answered with no. */
export function ask(next: Question): void {
  question?.onNo?.();
  become(next);
}

/** Ends the present question. */
export function answer(yes: boolean): void {
  const asked = question;
  become(undefined);
  if (yes) asked?.onYes();
  else asked?.onNo?.();
}

export const questionStore = {
  subscribe(fn: () => void): () => void {
    listeners.add(fn);
    return () => listeners.delete(fn);
  },
  read: (): Question | undefined => question,
};
