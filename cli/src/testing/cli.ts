/** Whole runs of the command line, in the process of a test. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import type { Surroundings } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { run } from "../run.ts";

interface Ended {
  code: ExitCode;
  out: string;
  err: string;
}

export async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-cli-test-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function cli(
  t: ExecutionContext,
  args: string[],
  over: Partial<Surroundings["env"]> = {},
): Promise<Ended> {
  const ended = { out: "", err: "" };
  const into = (key: "out" | "err") => ({
    isTerminal: false,
    width: null,
    write: (text: string) => void (ended[key] += text),
    async pipe(bytes: AsyncIterable<Uint8Array>) {
      for await (const some of bytes) ended[key] += Buffer.from(some).toString();
    },
    paint: (_style: string, text: string) => text,
  });
  const home = over.configDir ?? (await folder(t));
  const code = await run(args, {
    io: { out: into("out"), err: into("err"), stdin: new PassThrough().end() as unknown as ReadStream },
    env: {
      url: undefined,
      token: "token",
      tokenFile: undefined,
      browser: undefined,
      configDir: home,
      cacheDir: home,
      ...over,
    },
    ports: systemPorts,
    signal: new AbortController().signal,
  });
  return { code, ...ended };
}

export async function listening(t: ExecutionContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const answering = (t: ExecutionContext, answer: RequestListener) => listening(t, createServer(answer));
