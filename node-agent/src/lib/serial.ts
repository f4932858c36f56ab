/** One after the other for the same key; different keys side by side. */
export type Serial = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function serial(): Serial {
  const tails = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work, work);
    tails.set(key, turn);
    const leave = (): void => void (tails.get(key) === turn && tails.delete(key));
    turn.then(leave, leave);
    return turn;
  };
}
