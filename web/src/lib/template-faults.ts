/** Faults of game templates, as whoever mends a file wants them: file by file. */
interface TemplateFault {
  file: string;
  line: number | null;
  reason: string;
}

export interface FileFaults<T extends TemplateFault> {
  file: string;
  faults: T[];
}

/** Files in the order of their first fault; in each the faults from top to bottom, those without a line first. */
export function byFile<T extends TemplateFault>(faults: readonly T[]): FileFaults<T>[] {
  const files = Map.groupBy(faults, ({ file }) => file);
  return [...files].map(([file, found]) => ({ file, faults: found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }));
}

/** What an editor or a bug report takes: one `file:line: reason` a line. */
export const faultsText = (file: string, faults: readonly TemplateFault[]): string =>
  faults.map(({ line, reason }) => `${line === null ? file : `${file}:${line}`}: ${reason}`).join("\n");
