/** A bounded queue between something that pushes and one reader that awaits. */

export interface Channel<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** What is queued is still read; then the reader ends, or throws `error`. */
  close(error?: Error): void;
}

/**
 * @param limit how many items wait at most
 * @param overflow answers what is queued instead when the limit is passed, e.g. one "read everything anew"
 */
export function channel<T>(limit: number, overflow: (queued: T[]) => T[]): Channel<T> {
  let queued: T[] = [];
  let closed: { error?: Error } | null = null;
  let wake = (): void => {};
  return {
    push(item) {
      if (closed) return;
      queued.push(item);
      if (queued.length > limit) queued = overflow(queued);
      wake();
    },
    close(error) {
      closed ??= error ? { error } : {};
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (queued.length > 0) yield queued.shift()!;
        if (closed?.error) throw closed.error;
        if (closed) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
