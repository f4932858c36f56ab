/** `{{NAME}}` in a game's arguments. Pure. */

const placeholder = /\{\{([A-Z_][A-Z0-9_]*)\}\}/g;

/** The names in `text`, in their order. */
export const placeholders = (text: string): string[] => [...text.matchAll(placeholder)].map((match) => match[1]!);

/** `text` with its values; a name that has none stands for nothing. */
export const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(placeholder, (_all, name: string) => values[name] ?? "");
