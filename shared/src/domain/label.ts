/** Names that people give to servers and nodes, and read again in lists, logs and terminals. */
import { z } from "zod";

/** What hides, reorders or breaks the text around it. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
/** U+FFFD stands for bytes that were no text. Halves of pairs become it wherever they are stored. */
const isBroken = (text: string): boolean => !text.isWellFormed() || text.includes("\uFFFD");
/** U+2800 is braille without a dot. */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

const invisible = "must have at least one visible character";

/** Why `text` may not be a name, as the second half of a sentence; undefined when it may. */
function labelFault(text: string): string | undefined {
  if (isBroken(text)) return "must not contain broken characters: type it anew";
  if (unprintable.test(text))
    return "must not contain control characters, line breaks, or marks that change the direction of text";
  if (!visible.test(text)) return invisible;
  return undefined;
}

/** Surrounding space is cut off. */
export const Label = z
  .string()
  .trim()
  .min(1, { error: invisible, abort: true })
  .max(60)
  .check((context) => {
    const message = labelFault(context.value);
    if (message) context.issues.push({ code: "custom", message, input: context.value });
  });
