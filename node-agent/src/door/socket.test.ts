import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { FrameError } from "@playspawn/shared";
import { lineSplitter } from "./json-lines.ts";
import { currentUid, doorSocketPath, socketFolder, socketPathBytesMax, usableSocketPath } from "./socket-path.ts";
import { sourceName } from "./source.ts";
import { listenUnix } from "./unix-listener.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "door-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

const reaches = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ path });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });

test("lines are cut wherever the chunks are, and a line that is too long is refused", (t) => {
  const text = Buffer.from('{"a":"ü"}\n\n{"b":2}\n{"c"');
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    const split = lineSplitter((line) => lines.push(line));
    for (let from = 0; from < text.length; from += size) split(text.subarray(from, from + size));
    t.deepEqual(lines, ['{"a":"ü"}', "", '{"b":2}']);
  }
  const short = lineSplitter(() => {}, 10);
  short(Buffer.from("123456789\n12345"));
  t.throws(() => short(Buffer.from("678901")), { instanceOf: FrameError });
});

test("a socket is for its owner only, and replaces one left by a dead process", async (t) => {
  const path = doorSocketPath(await folder(t));
  await mkdir(dirname(path));
  const dead = createServer().listen(path);
  await once(dead, "listening");
  // Closing unlinks the name it was made under; a killed process would leave it.
  await rename(path, `${path}.left`);
  await new Promise((resolve) => dead.close(resolve));
  await rename(`${path}.left`, path);
  const close = await listenUnix(path, () => {});
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.true(await reaches(path));
  await close();
  await t.throwsAsync(stat(path), { code: "ENOENT" });
});

test("a second agent on the same data folder is refused while the first one lives", async (t) => {
  const path = doorSocketPath(await folder(t));
  const close = await listenUnix(path, () => {});
  await t.throwsAsync(
    listenUnix(path, () => {}),
    { message: /Another node agent listens at .*: stop it, or use another data folder/ },
  );
  t.true(await reaches(path));
  await close();
});

test("closing leaves a successor's socket alone", async (t) => {
  const path = doorSocketPath(await folder(t));
  const close = await listenUnix(path, () => {});
  await rm(path);
  const closeNext = await listenUnix(path, () => {});
  await close();
  t.true(await reaches(path));
  await closeNext();
});

test("a path too long for a socket has a short private stand-in, the same at both ends", async (t) => {
  const long = doorSocketPath(join(await folder(t), "x".repeat(socketPathBytesMax)));
  const path = usableSocketPath(long, currentUid());
  t.true(Buffer.byteLength(path) < socketPathBytesMax);
  t.not(path, usableSocketPath(`${long}x`, currentUid()));
  t.teardown(() => rm(dirname(path), { recursive: true, force: true }));
  const close = await listenUnix(long, () => {});
  t.true(await reaches(path));
  t.is((await stat(dirname(path))).mode & 0o777, 0o700);
  await close();
  await chmod(dirname(path), 0o777);
  await t.throwsAsync(
    listenUnix(long, () => {}),
    { message: /is not ours alone/ },
  );
});

test("sources are named as people know them", (t) => {
  t.is(sourceName("::ffff:192.0.2.1", 80), "192.0.2.1:80");
  t.is(sourceName("2001:db8::1", 80), "[2001:db8::1]:80");
});

test("a stand-in for a path that is too long, and that cannot be made, says what is the matter", async (t) => {
  const wanted = doorSocketPath(`/${"x".repeat(120)}`);
  await t.throwsAsync(socketFolder("/dev/null/stand-in/door.sock", wanted, currentUid()), {
    message: /could not be made \(ENOTDIR\): use a data folder with a shorter path\.$/,
  });
});
