/** Values as they are given on the command line, or in a file where they should not stand there. */
import type { Context } from "../context.ts";
import { readInput, readSecret } from "../session/secret.ts";
import { assignment } from "./plan.ts";

const fileOf = (value: string): string | undefined => /^@(?<path>[^@].*)$/s.exec(value)?.groups?.["path"];

/** `PASSWORD=@file` is what stands in the file; `@@…` is text that begins with an @. @throws Failure */
export async function variablesOf({ io }: Context, texts: readonly string[]): Promise<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const text of texts) {
    const [name, value] = assignment("--set", text);
    const file = fileOf(value);
    given[name] = file === undefined ? value.replace(/^@@/, "@") : await readSecret(file, io.stdin);
  }
  return given;
}

/** A text, or what stands in `@file`. @throws Failure */
export async function textOf({ io }: Context, value: string): Promise<string> {
  const file = fileOf(value);
  return file === undefined ? value.replace(/^@@/, "@") : await readInput(file, io.stdin);
}
