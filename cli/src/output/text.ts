/** Text that fits into columns. */
import truncatedWidth from "fast-string-truncated-width";

export const widthOf = (text: string): number => truncatedWidth(text).width;

/** Cut to `width` columns, with an ellipsis in the last one where something was cut. */
export function cut(text: string, width: number): string {
  const { index, truncated, ellipsed } = truncatedWidth(text, { limit: width, ellipsis: "…" });
  return truncated ? text.slice(0, index) + (ellipsed ? "…" : "") : text;
}

export const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

/** Lines of at most `width` columns, broken between words; a longer word is broken where it must be. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((each) => pieces(each, width))) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const { index } = truncatedWidth(word, { limit: width, ellipsis: "" });
  const at = Math.max(1, index);
  return [word.slice(0, at), ...pieces(word.slice(at), width)];
}

// oxlint-disable-next-line no-control-regex
const colours = /\u001B\[[\d;]*m/g;
// Control sequences, strings that a terminal acts on (titles, the clipboard), single control characters but a tab,
// and what turns the text behind it around.
const controls =
  // oxlint-disable-next-line no-control-regex
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|[ -/]*[0-~])|[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/** What others wrote, fit for a terminal: a game or a name must not move the cursor or fill the clipboard. */
export function harmless(text: string, { keepColours = false } = {}): string {
  if (!keepColours) return text.replace(controls, "");
  return text.replace(controls, (sequence) => (sequence.replace(colours, "") === "" ? sequence : ""));
}
