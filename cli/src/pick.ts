/** Finds the one thing that people mean by a name, an id, or the beginning of either. */
import { exits } from "./exit-codes.ts";
import { Failure, usageFailure } from "./failure.ts";

export interface Named {
  id: string;
  name: string;
}

const listedMax = 10;

/** @param kind `server`, for the sentences. @throws Failure not found, or usage when it could be several */
export function pick<T extends Named>(kind: string, text: string, all: readonly T[]): T {
  const lower = text.toLowerCase();
  const begins = (value: string): boolean => value.toLowerCase().startsWith(lower);
  const tries = [
    all.filter(({ id }) => id === text),
    all.filter(({ name }) => name === text),
    all.filter(({ name }) => name.toLowerCase() === lower),
    all.filter(({ id, name }) => begins(name) || begins(id)),
  ];
  const found = text === "" ? [] : (tries.find((some) => some.length > 0) ?? []);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw usageFailure(
      `${text} could be ${found.length} of them. Write more of the name, or the id:`,
      ...listed(found),
    );
  throw new Failure(exits.notFound, `There is no ${kind} ${text}, or you may not see it.`, {
    hints:
      all.length > 0 ? [`There ${all.length === 1 ? "is" : "are"}:`, ...listed(all)] : [`There is no ${kind} at all.`],
  });
}

function listed(some: readonly Named[]): string[] {
  const lines = some.slice(0, listedMax).map(({ id, name }) => (name === id ? `  ${id}` : `  ${id}  ${name}`));
  return some.length > listedMax ? [...lines, `  and ${some.length - listedMax} more`] : lines;
}
