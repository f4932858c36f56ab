/** Rows in columns: fitted to a terminal, or plain, one row a line with tabs, where nobody looks. */
import type { Output, Style } from "./io.ts";
import { cut, harmless, pad, widthOf, wrap } from "./text.ts";

export interface Column {
  title: string;
  /** Left out first, highest number first, where the terminal is too narrow; without one it stays. */
  drop?: number;
  /** Prose: cut before it is left out. */
  prose?: boolean;
}

export type Cell = string | { text: string; style: Style };

const gap = 2;
const leastWidth = 6;
const leastProseWidth = 16;

const textOf = (cell: Cell): string => harmless(typeof cell === "string" ? cell : cell.text).replaceAll(/[\t\n]/g, " ");

/** Ends with a newline. In a pipe without titles, so that each line is a row. */
export function table(output: Output, columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  if (output.width === null) return rows.map((row) => `${row.map(textOf).join("\t")}\n`).join("");
  const widths = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[i]!)))),
  );
  const shown = fitting(columns, widths, output.width);
  const last = shown.at(-1);
  const line = (cells: readonly Cell[], style?: Style): string => {
    const parts = shown.map((i) => {
      const text = cut(textOf(cells[i]!), widths[i]!);
      const cell = cells[i]!;
      const painted = typeof cell === "string" ? text : output.paint(cell.style, text);
      return i === last ? painted : painted + " ".repeat(widths[i]! - widthOf(text) + gap);
    });
    return style ? output.paint(style, parts.join("")) : parts.join("");
  };
  const titles = line(
    columns.map(({ title }) => title),
    "dim",
  );
  return [titles, ...rows.map((row) => line(row))].map((text) => `${text.trimEnd()}\n`).join("");
}

/** Which columns are shown; narrows `widths` where leaving out is not enough. */
function fitting(columns: readonly Column[], widths: number[], width: number): number[] {
  let shown = columns.map((_column, i) => i);
  const total = (): number => shown.reduce((sum, i) => sum + widths[i]!, 0) + gap * (shown.length - 1);
  const droppable = shown
    .filter((i) => columns[i]!.drop !== undefined)
    .toSorted((a, b) => columns[b]!.drop! - columns[a]!.drop!);
  for (const i of droppable) {
    if (total() <= width) break;
    const room = widths[i]! - (total() - width);
    if (columns[i]!.prose && room >= leastProseWidth) widths[i] = room;
    else shown = shown.filter((kept) => kept !== i);
  }
  while (total() > width) {
    const widest = shown.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
    if (widths[widest]! <= leastWidth) break;
    widths[widest] = Math.max(leastWidth, widths[widest]! - (total() - width));
  }
  return shown;
}

export type Fact = readonly [name: string, value: Cell];

/** Names and values below each other, long values wrapped; in a pipe with a tab between. Ends with a newline. */
export function facts(output: Output, rows: readonly Fact[]): string {
  if (output.width === null) return rows.map(([name, value]) => `${name}\t${textOf(value)}\n`).join("");
  const names = Math.max(...rows.map(([name]) => widthOf(name)));
  const room = Math.max(leastWidth, output.width - names - gap);
  return rows
    .map(([name, value]) => {
      const lines = wrap(textOf(value), room).map((text) =>
        typeof value === "string" ? text : output.paint(value.style, text),
      );
      return `${output.paint("dim", pad(name, names + gap))}${lines.join(`\n${" ".repeat(names + gap)}`)}\n`;
    })
    .join("");
}
