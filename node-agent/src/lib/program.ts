/** Runs one of the system's own programs, with an argument list and a limit, and says how it ended. */
import { spawn } from "node:child_process";

export interface Ran {
  /** 127 when the program is missing, 126 when it could not be started otherwise, 124 when it was ended for taking too long. */
  code: number;
  stdout: string;
  /** The first line that it complained with. */
  fault: string;
}

export type Program = (name: string, args: readonly string[], input?: string) => Promise<Ran>;

/** As shells have them. */
const codes = { missing: 127, unstartable: 126 };
const defaultLimitMs = 10_000;
const outputBytesMax = 4 * 1024 * 1024;
/** The system's own folders alone: an npm package brings another program of the same name. */
const systemPath = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/** Resolves whatever became of it. */
export const programWithin =
  (limitMs: number): Program =>
  (name, args, input = "") =>
    new Promise((resolve) => {
      const child = spawn(name, args, {
        env: { PATH: systemPath, LC_ALL: "C" },
        stdio: ["pipe", "pipe", "pipe"],
        timeout: limitMs,
        killSignal: "SIGKILL",
      });
      let [stdout, faults] = ["", ""];
      child.stdout
        .setEncoding("utf8")
        .on("data", (text: string) => (stdout = (stdout + text).slice(0, outputBytesMax)));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (faults = (faults + text).slice(0, 4_000)));
      // A program that ended early does not read to the end.
      child.stdin.on("error", () => {});
      child.once("error", (error: NodeJS.ErrnoException) =>
        resolve({
          code: error.code === "ENOENT" ? codes.missing : codes.unstartable,
          stdout: "",
          fault: error.message,
        }),
      );
      child.once("close", (code) => {
        const [fault = ""] = faults.trim().split("\n");
        resolve({ code: code ?? 124, stdout, fault: fault.slice(0, 300) });
      });
      child.stdin.end(input);
    });

export const program = programWithin(defaultLimitMs);

export const wasMissing = ({ code }: Pick<Ran, "code">): boolean => code === codes.missing;
export const neverRan = (ran: Pick<Ran, "code">): boolean => wasMissing(ran) || ran.code === codes.unstartable;
