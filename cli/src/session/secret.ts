/** Secrets come from a file or from standard input, never from an option that others see in the list of processes. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { messageOf } from "@playspawn/shared/domain/errors.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";

/** What stands in `path`, `-` for standard input. @throws Failure */
export async function readInput(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
  try {
    return path === "-" ? await text(stdin) : await readFile(path, "utf8");
  } catch (error) {
    throw new Failure(exits.usage, `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** The same without the newline that editors end a file with. @throws Failure when it is empty */
export async function readSecret(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
  const secret = (await readInput(path, stdin)).replace(/\r?\n$/, "");
  if (secret === "")
    throw usageFailure(`${path === "-" ? "Standard input" : path} is empty; a secret was expected there.`);
  return secret;
}
