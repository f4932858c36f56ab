import test from "ava";
import { EngineFault, translate } from "./docker-engine.ts";
import { imageFault, pullProgress, withTag } from "./image-words.ts";
import { type LogLine, demultiplex, lineBytesMax, textLines } from "./lines.ts";
import { bridgeName, gameName, networkName } from "./names.ts";

async function* chunksOf(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
const frame = (stream: number, text: string): Buffer => {
  const payload = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
};
const collect = async (lines: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
};

const texts = async (lines: AsyncIterable<LogLine>): Promise<string[]> => {
  const all: string[] = [];
  for await (const { text } of lines) all.push(text);
  return all;
};

test("lines come out whole however the bytes are cut", async (t) => {
  const data = Buffer.concat([frame(1, "one\r\n"), frame(2, "zwei ü\n"), frame(1, "three\nfour\n"), frame(1, "five")]);
  for (const size of [1, 3, 7, 8, 64, 10_000])
    t.deepEqual(await texts(demultiplex(chunksOf(data, size))), ["one", "zwei ü", "three", "four", "five"]);
});

test("a long line of several parts is one line, cut at the limit", async (t) => {
  const parts = [frame(1, "x".repeat(16_384)), frame(1, "x".repeat(100)), frame(1, "next\n")];
  const lines = await texts(demultiplex(chunksOf(Buffer.concat(parts), 1000)));
  t.deepEqual(lines, [`${"x".repeat(lineBytesMax)} …`, "next"]);
});

test("a line that never ends does not grow without limit", async (t) => {
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (let i = 0; i < 100; i++) yield Buffer.alloc(1000, "x");
  };
  await t.throwsAsync(collect(textLines(endless(), 10_000)), { message: /more than 10000 bytes/ });
});

test("a reference without a tag means latest", (t) => {
  t.is(withTag("debian"), "debian:latest");
  t.is(withTag("127.0.0.1:5000/debian"), "127.0.0.1:5000/debian:latest");
  t.is(withTag("a/b:1"), "a/b:1");
  t.is(withTag("a/b@sha256:00"), "a/b@sha256:00");
});

test("bytes are summed over layers and never fall while a layer is extracted", (t) => {
  const add = pullProgress("a/b:1");
  t.is(add({ status: "Pulling fs layer", id: "l1" }), undefined);
  t.like(add({ status: "Downloading", id: "l1", progressDetail: { current: 10, total: 100 } }), {
    done: 10,
    total: 100,
  });
  t.like(add({ status: "Downloading", id: "l2", progressDetail: { current: 5, total: 50 } }), { done: 15, total: 150 });
  t.like(add({ status: "Download complete", id: "l1" }), { done: 105, total: 150 });
  t.like(add({ status: "Extracting", id: "l1", progressDetail: { current: 1, total: 100 } }), { done: 105 });
  t.is(add({ status: "Digest: sha256:00" }), undefined);
});

test("the engine's words become the error that fits", (t) => {
  const code = (reason: string): string => imageFault("pull", "a/b:1", reason).code;
  t.is(code("manifest for a/b:1 not found: manifest unknown"), "image_not_found");
  t.is(code("pull access denied for a/b, repository does not exist or may require 'docker login'"), "image_not_found");
  t.is(code("Get https://r/v2/: dial tcp: lookup r: no such host"), "image_pull_failed");
  t.is(code("Get https://r/v2/: net/http: TLS handshake timeout"), "image_pull_failed");
  t.is(code("write /var/lib/docker/tmp/x: no space left on device"), "disk_full");
  t.is(imageFault("build", "a/b:1", "pull access denied for base").code, "image_build_failed");
  t.true(imageFault("build", "a/b:1", "x".repeat(10_000)).message.length < 2000);
});

test("names carry installation and node; a bridge fits into 15 characters", (t) => {
  const identity = { installation: "inst_01jd0000000000000aaaabbbb", node: "node_01jd0000000000000ccccdddd" };
  t.is(networkName(identity), "ps-aaaabbbb-ccccdddd");
  t.is(gameName(identity, "srv_01jd0000000000000eeeeffff", 3), "ps-aaaabbbb-eeeeffff-g3");
  t.true(bridgeName(identity).length <= 15);
  t.not(bridgeName(identity), bridgeName({ ...identity, node: "node_01jd0000000000000ccccddde" }));
});

test("what went wrong with the engine becomes the sentence that helps", (t) => {
  const fault = (error: object): Error => translate("list containers", "unix:///x.sock", error);
  t.like(fault({ code: "EACCES" }), { code: "docker_denied" });
  t.regex(fault({ code: "EACCES" }).message, /may not use the Docker socket unix:\/\/\/x\.sock; run as root/);
  t.like(fault({ code: "ENOENT", message: "connect ENOENT" }), { code: "docker_unavailable" });
  t.like(fault({ statusCode: 500, json: { message: "mkdir /x: no space left on device" } }), { code: "disk_full" });
  const refused = fault({ statusCode: 409, json: { message: "name in use" } });
  t.true(refused instanceof EngineFault);
  t.is(refused.message, "Docker could not list containers: name in use");
});
