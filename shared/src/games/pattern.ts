/**
 * Regular expressions of templates, matched in time that is linear in the text. The engine of JavaScript tries every
 * way to match, and `^(a+)+$` makes a text of thirty characters stop a whole program.
 */
import { RE2JS } from "re2js";

export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

/** @throws Error for what cannot be matched like this: looking around, and references to groups */
export const pattern = (source: string): Pattern => RE2JS.compile(source);

/** For a text: its first group where `source` matches (empty without one); undefined where it does not. */
export function capture(source: string): (text: string) => string | undefined {
  const compiled = RE2JS.compile(source);
  return (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.find()) return undefined;
    return matcher.groupCount() === 0 ? "" : (matcher.group(1) ?? "");
  };
}

/** Why `source` is no such expression, or none for browsers, as the second half of a sentence; undefined when it is. */
export function patternFault(source: string): string | undefined {
  try {
    pattern(source);
    void new RegExp(source);
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, "");
    return `must be a regular expression that both RE2 and JavaScript know (${reason})`;
  }
}
