/** api: any operation, for what has no command of its own. */
import { problemOf } from "@playspawn/shared/api/problem.ts";
import { bytesOf, textOf } from "../api/body.ts";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, failureOf, usageFailure } from "../failure.ts";
import { notTaken } from "../session/session.ts";
import { readInput } from "../session/secret.ts";

interface ApiOptions {
  data?: string;
  include?: boolean;
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const bodiless = ["GET", "HEAD"];

export async function callApi(
  context: Context,
  [method = "", path = ""]: string[],
  options: ApiOptions,
): Promise<void> {
  const verb = method.toUpperCase();
  if (!methods.includes(verb)) throw usageFailure(`${method} is not a method.`, `It is one of ${methods.join(", ")}.`);
  if (options.data !== undefined && bodiless.includes(verb))
    throw usageFailure(`A ${verb} has no body, so that --data cannot be sent.`);
  const body = await bodyOf(context, options.data);
  const api = await context.api();
  const response = await api.raw(verb, pathOf(path), { signal: context.signal, ...(body !== undefined && { body }) });
  if (options.include) context.print(headOf(response));
  if (response.ok) return await printBody(context, bytesOf(api.url, response));
  const text = await textOf(api.url, response);
  context.print(text);
  if (context.io.out.isTerminal && text !== "") context.print("\n");
  throw await refusal(context, response.status, text);
}

/** `servers` is short for `/api/v1/servers`. */
const pathOf = (path: string): string => (path.startsWith("/") ? path : `/api/v1/${path}`);

async function bodyOf({ io }: Context, data: string | undefined): Promise<string | undefined> {
  if (data === undefined) return undefined;
  const text = data.startsWith("@") ? await readInput(data.slice(1), io.stdin) : data;
  try {
    JSON.parse(text);
  } catch (cause) {
    throw usageFailure(`--data is not JSON: ${(cause as Error).message}.`);
  }
  return text;
}

const headOf = ({ status, headers }: Response): string =>
  [`HTTP ${status}`, ...Array.from(headers, ([name, value]) => `${name}: ${value}`), "", ""].join("\n");

/** As it comes: it may be a log that is followed, or a picture. */
async function printBody({ io: { out } }: Context, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await out.pipe(bytes);
  if (out.isTerminal) out.write("\n");
}

async function refusal(context: Context, status: number, text: string): Promise<Failure> {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    return new Failure(status === 404 ? exits.notFound : exits.failure, `The answer is HTTP ${status}.`);
  }
  const problem = problemOf(status, body);
  return problem.code === "unauthenticated"
    ? notTaken(await context.session())
    : failureOf(problem, { document: body, byPointers: true });
}
