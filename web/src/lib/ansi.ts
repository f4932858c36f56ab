/** Console colours: SGR sequences become styled pieces, every other escape is dropped. */

export interface Piece {
  text: string;
  /** 0–7 as in black, red, green, yellow, blue, magenta, cyan, white. */
  colour?: number;
  bold?: boolean;
}

// oxlint-disable-next-line no-control-regex -- escape sequences start with a control character
const escapes = /\u001b(?:\[([0-9;?]*)([A-Za-z])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_=>])/g;
// What is left over of them has no place on a page, nor what turns the text behind it around.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

const style = (codes: string, piece: Omit<Piece, "text">): Omit<Piece, "text"> => {
  let next = { ...piece };
  for (const code of codes === "" ? [0] : codes.split(";").map(Number)) {
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 22) delete next.bold;
    else if (code === 39) delete next.colour;
    else if (code >= 30 && code <= 37) next.colour = code - 30;
    else if (code >= 90 && code <= 97) next.colour = code - 90;
  }
  return next;
};

/** Splits one line into pieces of one style each; no piece is empty. */
export function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  let current: Omit<Piece, "text"> = {};
  let from = 0;
  const push = (raw: string): void => {
    const text = raw.replace(controls, "");
    if (text !== "") found.push({ text, ...current });
  };
  for (const match of line.matchAll(escapes)) {
    push(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") current = style(match[1] ?? "", current);
  }
  push(line.slice(from));
  return found;
}

export const plain = (line: string): string => line.replace(escapes, "").replace(controls, "");
