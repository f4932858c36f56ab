/** What people write for people: names of servers and nodes, read in lists, logs and terminals, and notes about them. */
import { z } from "zod";

/** What hides, reorders or breaks the text around it. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
/** U+FFFD stands for bytes that were no text. Halves of pairs become it wherever they are stored. */
const isBroken = (text: string): boolean => !text.isWellFormed() || text.includes("\uFFFD");
/** U+2800 is braille without a dot. */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

const invisible = "must have at least one visible character";

type Rule = (text: string) => string | undefined;

/** Why `text` may not be a name, as the second half of a sentence; undefined when it may. */
const labelFault: Rule = (text) => {
  if (isBroken(text)) return "must not contain broken characters: type it anew";
  if (unprintable.test(text))
    return "must not contain control characters, line breaks, or marks that change the direction of text";
  return visible.test(text) ? undefined : invisible;
};

/** The same of several lines, which may be empty. */
const notesFault: Rule = (text) => {
  if (isBroken(text)) return "must not contain broken characters: type them anew";
  if (!unprintable.test(text.replaceAll(/[\t\r\n]/g, ""))) return undefined;
  return "must not contain control characters, or marks that change the direction of text";
};

const keeps = (rule: Rule) => (context: z.core.ParsePayload<string>) => {
  const message = rule(context.value);
  if (message) context.issues.push({ code: "custom", message, input: context.value });
};

export const Notes = z.string().max(4000).check(keeps(notesFault));

/** Surrounding space is cut off. */
export const Label = z.string().trim().min(1, { error: invisible, abort: true }).max(60).check(keeps(labelFault));
