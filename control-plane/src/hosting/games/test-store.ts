/** Rows of self-tests. */
import type { Db } from "../../platform/db/db.ts";
import type { TestStep } from "./schema.ts";

export interface TestRow {
  id: string;
  game: string;
  /** Of the template that was tested. */
  revision: string;
  asked_by: string;
  node_id: string | null;
  server_id: string | null;
  started_at: number;
  ended_at: number | null;
  outcome: "passed" | "failed" | "cancelled" | null;
  sentence: string;
  image: string | null;
  /** JSON of `TestStep[]`. */
  steps: string;
}

const keptPerGame = 20;
const tests = (db: Db) => db<TestRow>("game_tests");

export async function insertTest(db: Db, row: TestRow): Promise<void> {
  await tests(db).insert(row);
  const kept = tests(db).where({ game: row.game }).orderBy("id", "desc").limit(keptPerGame).select("id");
  const ids = (await kept).map(({ id }) => id);
  await tests(db).where({ game: row.game }).whereNotIn("id", ids).delete();
}

export const updateTest = async (db: Db, id: string, change: Partial<TestRow>): Promise<void> =>
  void (await tests(db).where({ id }).update(change));

/** Newest first. */
export const listTests = async (db: Db, game: string): Promise<TestRow[]> =>
  tests(db).where({ game }).orderBy("id", "desc").limit(keptPerGame);

/** The newest one of each game that has come to an end by itself. */
export async function lastVerdicts(db: Db): Promise<Map<string, TestRow>> {
  const newest = tests(db).whereIn("outcome", ["passed", "failed"]).groupBy("game").max("id");
  const rows = await tests(db).whereIn("id", newest as never);
  return new Map(rows.map((row) => [row.game, row]));
}

/** Those that no process carries on with. */
export const listBroken = async (db: Db): Promise<TestRow[]> => tests(db).whereNull("ended_at");

export const stepsOf = ({ steps }: TestRow): TestStep[] => JSON.parse(steps) as TestStep[];
