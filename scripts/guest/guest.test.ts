import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { environment } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { enterGuest, runningGuest } from "./guest.ts";
import { imageIn } from "./image.ts";
import { qemuArguments, socketOf, type GuestPlace } from "./qemu.ts";

interface Question {
  execute: string;
  arguments: { id?: number; arg?: string[]; pid?: number };
}

/** What qemu listens on, without a machine behind it: `reply` is the guest. */
async function standIn(t: ExecutionContext, reply: (question: Question, streams: Socket[]) => object | undefined) {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-guest-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const place: GuestPlace = { folder, repository };
  const streams: Socket[] = [];
  const listen = (port: "agent" | "out" | "err", onConnection: (socket: Socket) => void) =>
    new Promise<void>((resolve) => {
      const server = createServer(onConnection).listen(socketOf(place, port), resolve);
      t.teardown(() => void server.close());
    });
  await listen("out", (socket) => (streams[0] = socket));
  await listen("err", (socket) => (streams[1] = socket));
  await listen("agent", (socket) => {
    // The answer to somebody before us, and half of another.
    socket.write('{"return": {"pid": 1}}\n{"ret');
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n").filter(Boolean)) {
        const question = JSON.parse(line) as Question;
        const answer = question.execute === "guest-sync" ? { return: question.arguments.id } : reply(question, streams);
        if (answer) socket.write(`\n${JSON.stringify(answer)}\n`);
      }
    });
  });
  return place;
}

test("a command's output comes whole, as it is printed, with its exit code", async (t) => {
  let asked: string[] = [];
  let polls = 0;
  const place = await standIn(t, ({ execute, arguments: { arg, pid } }, [out, err]) => {
    if (execute === "guest-exec") {
      asked = arg ?? [];
      const [begin, mark] = [asked[3]!, asked[4]!];
      out!.write(`of the one before${begin}one\ntw`);
      // The mark comes in two pieces, after the rest.
      const later = (text: string): void => void systemPorts.timers.after(text.length, () => out!.write(text));
      later(`o${mark.slice(0, 5)}`);
      later(mark.slice(5));
      err!.write(`${begin}wrong${mark}`);
      return { return: { pid: 42 } };
    }
    t.is(pid, 42);
    return { return: ++polls < 2 ? { exited: false } : { exited: true, exitcode: 7 } };
  });
  const guest = await enterGuest(place, systemPorts);
  t.teardown(guest.leave);
  const told: string[] = [];
  const onOutput = (stream: string, text: string): void => void told.push(`${stream} ${text}`);
  const ran = await guest.run("ls", ["-l", "a b"], { limitMs: 1500, onOutput });
  t.deepEqual(ran, { code: 7, stdout: "one\ntwo", stderr: "wrong" });
  t.deepEqual(asked.slice(5), ["2", "ls", "-l", "a b"], "no shell reads them, and the limit is kept in the guest");
  const stdout = told.flatMap((line) => (line.startsWith("stdout ") ? [line.slice("stdout ".length)] : []));
  t.is(stdout.join(""), "one\ntwo");
});

test("what the agent refuses is told in its words", async (t) => {
  const place = await standIn(t, () => ({ error: { class: "GenericError", desc: "Failed to execute child process" } }));
  const guest = await enterGuest(place, systemPorts);
  t.teardown(guest.leave);
  await t.throwsAsync(guest.run("true"), {
    message: "The guest's agent refused guest-exec: Failed to execute child process",
  });
});

test("a process that has this number and is no qemu of ours is no guest", async (t) => {
  const place = await standIn(t, () => undefined);
  t.is(await runningGuest(place), undefined);
  await writeFile(join(place.folder, "qemu.pid"), `${process.pid}\n`);
  t.is(await runningGuest(place), undefined);
});

test("the guest sees the checkout and cannot write to it, and writes to no image", (t) => {
  const place: GuestPlace = { folder: "/cache/guests/1", repository: "/checkout" };
  const args = qemuArguments(imageIn("/cache"), place, "tcg").join(" ");
  t.regex(args, /-virtfs local,path=\/checkout,mount_tag=repo,security_model=none,readonly=on/);
  t.regex(args, /-drive file=\/cache\/guests\/1\/disk\.qcow2,/);
  t.notRegex(args, /disk\.img/);
});

test("the command says what it is for, what it has, and what it does not know", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-guest-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const vm = (...args: string[]) =>
    run(join(repository, "scripts/vm"), args, { env: { ...environment(), XDG_CACHE_HOME: folder } });
  t.regex((await vm("--help")).stdout, /^Usage: \.\/scripts\/vm build/);
  t.is((await vm("status")).stdout, "image: not made; ./scripts/vm build makes it\nguest: none runs\n");
  const unknown = await vm("fly");
  t.is(unknown.code, 64);
  t.regex(unknown.stderr, /There is no vm fly\./);
  t.is((await vm("run", "--limit", "0", "true")).code, 64);
});
