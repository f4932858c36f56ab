import test from "ava";
import { fileFaults, fileFrom, sameFiles, sizeOf, withFiles, type TemplateFile } from "./template-files.ts";

const docker: TemplateFile = { path: "Dockerfile", content: "FROM scratch\n", encoding: "utf8", executable: false };
const script: TemplateFile = { path: "bots/run.sh", content: "#!/bin/sh\n", encoding: "utf8", executable: true };

test("what is picked from a disk is a text where it is one, and base64 otherwise; both tell their size", (t) => {
  const text = fileFrom("motd.txt", new TextEncoder().encode("Grüße"));
  t.deepEqual(text, { path: "motd.txt", content: "Grüße", encoding: "utf8" });
  t.is(sizeOf(text), 7);
  for (const bytes of [
    [0x89, 0x50, 0xff],
    [65, 0],
    [1, 2, 3, 0xfe],
  ]) {
    const picture = fileFrom("logo.png", Uint8Array.from(bytes));
    t.is(picture.encoding, "base64");
    t.deepEqual([...Buffer.from(picture.content, "base64")], bytes);
    t.is(sizeOf(picture), bytes.length);
  }
});

test("a file of the same path takes the other's place and stays a program; another is put behind", (t) => {
  const next = withFiles(
    [script, docker],
    [
      { path: "bots/run.sh", content: "#!/bin/bash\n" },
      { path: "a", content: "" },
    ],
  );
  t.deepEqual(
    next.map(({ path, executable }) => [path, executable]),
    [
      ["bots/run.sh", true],
      ["Dockerfile", false],
      ["a", undefined],
    ],
  );
});

test("files are the same in any order, and not when a letter or a right differs", (t) => {
  t.true(sameFiles([docker, script], [script, { path: "Dockerfile", content: "FROM scratch\n" }]));
  t.false(sameFiles([docker], [docker, script]));
  t.false(sameFiles([docker], [{ ...docker, executable: true }]));
  t.false(sameFiles([docker, script], [docker, docker]));
});

test("what is refused of files is said with the file's path", (t) => {
  const faults = [
    { pointer: "/files/1/path", detail: "must be a path" },
    { pointer: "/files", detail: "must not name the same path twice" },
    { pointer: "/yaml", detail: "something else" },
  ];
  t.deepEqual(fileFaults(faults, [docker, script]), [
    "bots/run.sh: must be a path",
    "Files: must not name the same path twice",
  ]);
});
