/** Every table of the database as rows that both SQLite and PostgreSQL take: out in one snapshot, in in one transaction. */
import type { Entry, Manifest } from "@playspawn/shared/node/backup/format.ts";
import { documentBytesMax, unusable } from "@playspawn/shared/node/backup/format.ts";
import type { BackupWriter } from "@playspawn/shared/node/backup/write.ts";
import { messageOf } from "@playspawn/shared";
import type { Knex } from "knex";
import { isPostgres } from "../db/migration-table.ts";

interface Table {
  name: string;
  /** Of its primary key. */
  key: readonly string[];
  /** The column whose numbers are given out once. */
  sequence?: string;
  /** Of this time or this machine, and not restored. */
  isDropped?(row: Row): boolean;
  /** Columns that are restored as something else. */
  forget?: Row;
}

type Value = string | number | null;
type Row = Record<string, Value>;

/** In the order in which they can be filled: what is referred to comes first. */
export const tables: readonly Table[] = [
  // Which process holds a PostgreSQL is no fact of the installation.
  { name: "meta", key: ["key"], isDropped: ({ key }) => key === "control_plane" },
  { name: "teams", key: ["id"] },
  { name: "users", key: ["id"] },
  { name: "events", key: ["seq"], sequence: "seq" },
  // The next boot that is seen is the first: a machine that is restored to may have been seen before, and is no double.
  { name: "nodes", key: ["id"], forget: { boot: null } },
  { name: "node_logs", key: ["node_id", "log_id"] },
  { name: "join_tokens", key: ["id"] },
  { name: "servers", key: ["id"] },
  { name: "port_leases", key: ["node_id", "protocol", "port"] },
  { name: "game_versions", key: ["id"] },
  { name: "game_tests", key: ["id"] },
  { name: "favourites", key: ["user_id", "server_id"] },
  { name: "wake_tokens", key: ["server_id"] },
];

/** Not in a backup, and why. A test asks that every table is here or above. */
export const leftOut: Readonly<Record<string, string>> = {
  migrations: "made by restoring: the manifest names those that the rows are of",
  sessions: "everybody signs in again: a session that was ended since must not come alive",
  setup: "links that were printed in terminals, good for 30 minutes",
  idempotency: "answers that are kept for a day",
  node_boots: "of the machines of then, see nodes",
};

/** Those that this database has: one of an earlier version has fewer. */
async function present(tx: Knex.Transaction): Promise<Table[]> {
  const there: Table[] = [];
  for (const table of tables) if (await tx.schema.hasTable(table.name)) there.push(table);
  return there;
}

/** Rows are gathered to pieces of about this many bytes. */
const pieceBytes = 1024 ** 2;
const pageRows = 500;
const bindingsMax = 900;

export interface Counted {
  rows: Record<string, number>;
  sequences: Record<string, number>;
  migrations: string[];
}

/** Inside the snapshot. */
export async function countTables(tx: Knex.Transaction): Promise<Counted> {
  const rows: Record<string, number> = {};
  const sequences: Record<string, number> = {};
  for (const { name, sequence } of await present(tx)) {
    const counted = (await tx(name).count({ n: "*" }).first()) as { n: number };
    rows[name] = Number(counted.n);
    if (sequence) sequences[name] = await givenOut(tx, name, sequence);
  }
  return { rows, sequences, migrations: await tx("migrations").orderBy("name").pluck("name") };
}

async function givenOut(tx: Knex.Transaction, table: string, column: string): Promise<number> {
  if (!isPostgres(tx)) {
    const row = (await tx("sqlite_sequence").where({ name: table }).first("seq")) as { seq: number } | undefined;
    return row?.seq ?? 0;
  }
  const { rows } = (await tx.raw("SELECT pg_get_serial_sequence(?, ?) AS name", [table, column])) as {
    rows: { name: string }[];
  };
  const state = (await tx.raw(`SELECT last_value, is_called FROM ${rows[0]!.name}`)) as {
    rows: { last_value: number; is_called: boolean }[];
  };
  return state.rows[0]!.is_called ? state.rows[0]!.last_value : 0;
}

/** `database/<table>/000001.jsonl` and on, a row per line. */
export async function writeTables(tx: Knex.Transaction, writer: BackupWriter): Promise<void> {
  for (const table of await present(tx)) {
    let number = 0;
    let lines: string[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      const path = `database/${table.name}/${String(++number).padStart(6, "0")}.jsonl`;
      await writer.document(path, Buffer.from(lines.join("")));
      [lines, bytes] = [[], 0];
    };
    for await (const row of rowsOf(tx, table)) {
      const line = `${JSON.stringify(row)}\n`;
      lines.push(line);
      bytes += line.length;
      if (bytes >= pieceBytes) await flush();
    }
    if (lines.length > 0 || number === 0) await flush();
  }
}

export async function* rowsOf(tx: Knex.Transaction, { name, key }: Table): AsyncGenerator<Row> {
  for (let last: Row | undefined; ;) {
    const query = tx(name)
      .orderBy([...key])
      .limit(pageRows);
    if (last)
      query.whereRaw(`(${key.map(() => "??").join(", ")}) > (${key.map(() => "?").join(", ")})`, [
        ...key,
        ...key.map((column) => last![column]!),
      ]);
    const page = (await query) as Record<string, Value | boolean>[];
    for (const row of page) yield plain(row);
    if (page.length < pageRows) return;
    last = plain(page.at(-1)!);
  }
}

/** What both databases take: PostgreSQL reads 0 and 1 as booleans, SQLite has nothing else. */
const plain = (row: Record<string, Value | boolean>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, typeof value === "boolean" ? Number(value) : value]),
  );

export const tableOf = ({ path }: Pick<Entry, "path">): string => path.toString("latin1").split("/")[1] ?? "";

/** Rows of one piece into their table; answers how many there were. @throws AppError backup_unusable */
export async function loadPiece(tx: Knex.Transaction, name: string, bytes: Buffer): Promise<number> {
  const table = tables.find((one) => one.name === name);
  if (!table) throw unusable(`The backup has a table ${name.slice(0, 60)} that this Playspawn does not know.`);
  const rows = parse(name, bytes);
  const kept = rows.filter((row) => !table.isDropped?.(row));
  await insertRows(tx, table, kept);
  return rows.length;
}

/** @throws AppError backup_unusable, or what else the database throws */
export async function insertRows(tx: Knex.Transaction, { name, forget }: Table, rows: readonly Row[]): Promise<void> {
  const whole = rows.map((row) => ({ ...row, ...forget }));
  const width = Math.max(1, Object.keys(whole[0] ?? {}).length);
  const batch = Math.max(1, Math.floor(bindingsMax / width));
  try {
    for (let at = 0; at < whole.length; at += batch) await tx(name).insert(whole.slice(at, at + batch));
  } catch (error) {
    // A full disk or a server that is away says nothing about the backup.
    if (!misfits.test((error as { code?: string }).code ?? "")) throw error;
    throw unusable(`Rows of the table ${name} do not fit this database: ${messageOf(error)}.`, error);
  }
}

/** Unknown columns, wrong values, broken rules: of SQLite, and the classes of PostgreSQL. */
const misfits = /^(SQLITE_(ERROR|CONSTRAINT|MISMATCH|TOOBIG)|(22|23|42)...$)/;

function parse(name: string, bytes: Buffer): Row[] {
  if (bytes.length > documentBytesMax) throw unusable(`The table ${name} of this backup is damaged.`);
  const lines = bytes.toString("utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw unusable(`The table ${name} of this backup is damaged.`, cause);
    }
    if (!isRow(row)) throw unusable(`The table ${name} of this backup has a row that is none.`);
    return row;
  });
}

const isRow = (value: unknown): value is Row =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(
    ([column, one]) => /^\w{1,60}$/.test(column) && (one === null || ["string", "number"].includes(typeof one)),
  );

/** Empties what a migration wrote, or an earlier try. */
export async function emptyTables(tx: Knex.Transaction): Promise<void> {
  const names = [...tables.map(({ name }) => name).toReversed(), ...Object.keys(leftOut)];
  for (const name of names) if (name !== "migrations" && (await tx.schema.hasTable(name))) await tx(name).delete();
}

/** After all rows: numbers go on where they were. */
export async function restoreSequences(tx: Knex.Transaction, sequences: Manifest["sequences"]): Promise<void> {
  for (const { name, sequence } of await present(tx)) {
    if (!sequence) continue;
    const highest = (await tx(name).max({ n: sequence }).first()) as { n: number | null };
    const last = Math.max(sequences[name] ?? 0, Number(highest.n ?? 0));
    if (last === 0) continue;
    if (isPostgres(tx)) await tx.raw("SELECT setval(pg_get_serial_sequence(?, ?), ?)", [name, sequence, last]);
    else {
      await tx("sqlite_sequence").where({ name }).delete();
      await tx("sqlite_sequence").insert({ name, seq: last });
    }
  }
}
