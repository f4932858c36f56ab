/** Work that is done once and whose answer is kept; a failure is not kept. */
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
