/** A game that wants to do harm: Debian's own image, in which tests run what an attacker would. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { docker, gameOf, holderOf } from "../stack/docker.ts";

export const hostileImage = "playspawn-e2e/hostile:1";

export const hostileYaml = (id: string, more = ""): string => `id: ${id}
name: ${id}
description: Does what it is told.
image: { ref: "${hostileImage}" }
ports: { game: { protocol: tcp, container: 7000, public: auto } }
volumes: { data: /data }
cpu: 0.5
memory: 512M
readiness: { anyOf: [{ log: "^up$" }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 1 }
variables: { WORDS: { type: string, label: Words, default: "" } }
${more}`;

/** Perl makes system calls by number, so no compiler is needed. A setuid copy of the shell lies in it. */
export async function ensureHostileImage(): Promise<void> {
  const tar = pack();
  tar.entry(
    { name: "Dockerfile" },
    'FROM debian:bookworm-slim\nRUN cp /bin/dash /rootshell && chmod 4755 /rootshell\nCMD ["sh", "-c", "echo up; sleep 2147483647"]\n',
  );
  tar.finalize();
  const progress = await docker.buildImage(tar, { t: hostileImage });
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
  );
}

export interface Ran {
  code: number;
  text: string;
}

/** Runs a program in the game's container, as the game is and with no more than it has. */
export async function inside(installation: string, server: string, ...command: string[]): Promise<Ran> {
  const game = await gameOf(installation, server);
  const exec = await docker
    .getContainer(game!.Id)
    .exec({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  let text = "";
  stream.on("data", (data: Buffer) => (text += data.toString()));
  const ended = new Promise((resolve) => stream.on("end", resolve));
  // A stream of a program that was killed may stay open.
  const limit = Date.now() + 20_000;
  let state = await exec.inspect();
  for (; state.Running && Date.now() < limit; state = await exec.inspect()) await pause(100);
  await Promise.race([ended, pause(300)]);
  stream.destroy();
  return { code: state.ExitCode ?? -1, text: state.Running ? `${text}… and did not end` : text };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a connection from the server's network gets through; past the game's own rights, so only the network decides. */
export async function reaches(installation: string, server: string, address: string, port: number): Promise<boolean> {
  const { State } = (await holderOf(installation, server))!;
  const nc = ["-t", String(State.Pid), "-n", "busybox", "nc", "-w", "2", address, String(port)];
  return promisify(execFile)("sh", ["-c", 'exec nsenter "$@" </dev/null', "sh", ...nc]).then(
    () => true,
    () => false,
  );
}
