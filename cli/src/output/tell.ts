/** How a command says that it failed: what happened, what is wrong with which option, what to do, and the request. */
import type { Fault, Problem } from "@playspawn/shared/api/problem.ts";
import { codeOfExit, exitMeanings } from "../exit-codes.ts";
import type { Failure } from "../failure.ts";
import type { Io } from "./io.ts";
import { harmless, wrap } from "./text.ts";

export function tell({ err }: Io, failure: Failure, { json }: { json: boolean }): void {
  if (failure.message === "") return;
  if (json) return err.write(`${JSON.stringify(asJson(failure))}\n`);
  const lines = linesOf(failure).map((line) => harmless(line));
  const [first = "", ...rest] = lines;
  const fitted = (text: string): string[] => (err.width === null ? [text] : wrapped(text, err.width));
  const head = fitted(`playspawn: ${first}`);
  head[0] = head[0]!.replace("playspawn:", err.paint("red", "playspawn:"));
  err.write(`${[...head, ...rest.flatMap(fitted)].join("\n")}\n`);
}

/** The indent of a line is kept. */
function wrapped(text: string, width: number): string[] {
  const indent = /^ */.exec(text)![0];
  return text.split("\n").flatMap((line) => wrap(line.trimStart(), width - indent.length).map((part) => indent + part));
}

/** The problem document as it was answered, or one of the command's own. */
const asJson = ({ message, exitCode, hints, problem, document }: Failure) => ({
  type: "about:blank",
  title: problem?.title ?? exitMeanings[exitCode],
  code: problem?.code ?? codeOfExit[exitCode],
  ...(document as object | undefined),
  ...(problem?.retryAfterSeconds !== undefined && { retryAfterSeconds: problem.retryAfterSeconds }),
  detail: message,
  exitCode,
  ...(hints.length > 0 && { hints }),
});

function linesOf({ message, hints, problem, byPointers }: Failure): string[] {
  return [
    problem && problem.faults.length > 0 ? `${problem.title}.` : message,
    ...(problem?.faults ?? []).map((fault) => `  ${byPointers ? pointerText(fault) : faultText(fault)}`),
    ...hints,
    ...after(problem),
  ];
}

function after(problem: Problem | undefined): string[] {
  if (!problem) return [];
  const { retryAfterSeconds: seconds, requestId } = problem;
  return [
    ...(seconds === undefined ? [] : [`Try again in ${seconds} s.`]),
    ...(requestId === null ? [] : [`Request ${requestId}`]),
  ];
}

/** What the fields of requests are called on the command line. */
const options: Record<string, string> = {
  name: "--name",
  game: "<game>",
  idleSeconds: "--idle",
  wakeAllow: "--wake-from or --wake-players",
  want: "--want",
  notes: "--notes",
  memoryBytes: "--memory",
  cpu: "--cpu",
  email: "<email>",
  node: "--node",
  url: "<url>",
  secret: "--secret-file",
};

const pointerText = ({ pointer, detail }: Fault): string => `${pointer || "The body"} ${detail}`;

function faultText({ pointer, detail, line }: Fault): string {
  if (line !== undefined) return `line ${line}: ${detail}`;
  const [, first = "", ...rest] = pointer.split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const name = rest.join("/");
  if (first === "variables" && name) return `--set ${name} ${detail}`;
  if (first === "ports" && name) return `--port ${name} ${detail}`;
  return `${options[first] ?? (pointer || "The request")} ${detail}`;
}
