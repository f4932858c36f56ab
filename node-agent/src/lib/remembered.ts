/** Work that is done once for many. */

/** The answer is kept; a failure is not. */
export interface Remembered<T> {
  get(): Promise<T>;
  /** The next `get` does it again. */
  forget(): void;
}

export function remembered<T>(work: () => Promise<T>): Remembered<T> {
  let answer: Promise<T> | null = null;
  return {
    get() {
      if (answer) return answer;
      const attempt = work();
      answer = attempt;
      attempt.catch(() => answer === attempt && (answer = null));
      return attempt;
    },
    forget: () => void (answer = null),
  };
}

/** Who asks while the work is being done shares the one run that begins after it: the answer is never older than the question. */
export function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | null = null;
  let next: Promise<T> | null = null;
  const begin = (): Promise<T> => {
    const run = work().finally(() => current === run && (current = null));
    current = run;
    return run;
  };
  const afterCurrent = (): Promise<T> => {
    next = null;
    return begin();
  };
  return () => {
    if (!current) return begin();
    next ??= current.then(afterCurrent, afterCurrent);
    return next;
  };
}
