/** Runs AVA and hands over each result as it comes. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { installed, repository } from "../lib/paths.ts";
import { tapReader, type TestResult } from "./tap.ts";

export interface AvaRun {
  config: string;
  /** Files or patterns; all of the configuration when empty. */
  files: readonly string[];
  /** Titles of tests that do not run, `*` for anything. */
  without?: readonly string[];
  environment: NodeJS.ProcessEnv;
  limitMs: number;
}

/** An end of AVA that no result explains is a failure of its own: it crashed, found no test, or took too long. */
export async function runAva(
  { config, files, without = [], environment, limitMs }: AvaRun,
  onResult: (result: TestResult) => void,
): Promise<void> {
  const args = [
    installed("ava/entrypoints/cli.js"),
    "--tap",
    "--config",
    config,
    ...without.map((title) => `--match=!${title}`),
    ...files,
  ];
  const child = spawn(process.execPath, args, {
    cwd: repository,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: limitMs,
  });
  const ended = new Promise<number | string>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code ?? 1)),
  );
  const reader = tapReader();
  let [results, failures] = [0, 0];
  const take = (result: TestResult | undefined): void => {
    if (!result) return;
    results += 1;
    if (result.outcome !== "passed") failures += 1;
    onResult(result);
  };
  for await (const line of createInterface({ input: child.stdout })) take(reader.take(line));
  take(reader.end());
  const how = await ended;
  if (results > 0 && (how === 0 || failures > 0) && typeof how === "number") return;
  const why =
    typeof how === "string"
      ? `was ended by ${how} (limit ${limitMs / 60_000} min)`
      : `ended with code ${how} after ${results} results`;
  onResult({ title: `AVA with ${config} ${why}`, outcome: "failed", details: [] });
}

/** As `runAva`, a process of AVA for each file and `lanes` of them at a time; titles begin with the file's name. */
export async function runLanes(
  { files, lanes, ...rest }: AvaRun & { lanes: number },
  onResult: (result: TestResult) => void,
): Promise<void> {
  const waiting = [...files];
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const name = basename(file, ".test.ts");
      await runAva({ ...rest, files: [file] }, (result) => onResult({ ...result, title: `${name} › ${result.title}` }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
