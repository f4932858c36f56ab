/** A template taken to a file carries the revision it had, so that it does not replace what somebody else wrote meanwhile. */

const note = /^# Revision ([0-9a-f]{1,64}) of ([a-z0-9-]{1,64}):.*\n?/m;

export interface Noted {
  id: string;
  revision: string;
}

/** Below the text: the lines that faults name stay where they are. */
export function withRevision(yaml: string, { id, revision }: { id: string; revision: string | null }): string {
  if (revision === null) return yaml;
  const line = `# Revision ${revision} of ${id}: playspawn game edit takes this file back if it is still the newest.\n`;
  return `${yaml.replace(/\n?$/, "\n")}${line}`;
}

/** The text without its note, and the note if there is one. */
export function takeRevision(text: string): { yaml: string; noted: Noted | undefined } {
  const [, revision, id] = note.exec(text) ?? [];
  return { yaml: text.replace(note, ""), noted: revision && id ? { id, revision } : undefined };
}
