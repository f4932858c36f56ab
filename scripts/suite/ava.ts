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
  environment: NodeJS.ProcessEnv;
  limitMs: number;
}

/** An end of AVA that no result explains is a failure of its own: it crashed, found no test, or took too long. */
export async function runAva(
  { config, files, environment, limitMs }: AvaRun,
  onResult: (result: TestResult) => void,
): Promise<void> {
  const args = [installed("ava/entrypoints/cli.js"), "--tap", "--config", config, ...files];
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

/** One file that runs in a process of AVA of its own. */
export interface Job {
  file: string;
  environment: NodeJS.ProcessEnv;
  /** What its results are called before the file's name, e.g. `postgresql › `. */
  prefix: string;
}

/** Takes the jobs in their order, `lanes` of them at a time. */
export async function runLanes(
  jobs: readonly Job[],
  { lanes, ...rest }: Pick<AvaRun, "config" | "limitMs"> & { lanes: number },
  onResult: (result: TestResult) => void,
): Promise<void> {
  const waiting = [...jobs];
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const { file, environment } = job;
      const before = `${job.prefix}${basename(file, ".test.ts")} › `;
      await runAva({ ...rest, environment, files: [file] }, (result) =>
        onResult({ ...result, title: before + result.title }),
      );
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
