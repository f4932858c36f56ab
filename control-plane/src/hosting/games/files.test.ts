import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { builtGame } from "../../testing/built-game.ts";
import { hostingHarness } from "../../testing/hosting.ts";

interface File {
  path: string;
  content: string;
  encoding: string;
  executable: boolean;
}
interface Source {
  revision: string;
  files: { path: string }[];
}

const yaml = builtGame("chess", "Chess");
const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]).toString("base64");
const files: File[] = [
  { path: "Dockerfile", content: "FROM scratch\nCOPY bots/run.sh /\n", encoding: "utf8", executable: false },
  { path: "bots/run.sh", content: "#!/bin/sh\necho é\n", encoding: "utf8", executable: true },
  { path: "logo.png", content: picture, encoding: "base64", executable: false },
];

test("files of a template are read in the shape in which they are sent: one is changed, one added, one removed", async (t) => {
  const { client } = await hostingHarness(t);
  const added = await client.post<Source>("/api/v1/games", { yaml, files });
  t.is(added.status, 201, JSON.stringify(added.body));
  const read = async () => (await client.get<{ items: File[] }>("/api/v1/games/chess/files")).body.items;
  const known = await read();
  t.deepEqual(known, files);
  const mended = { ...known[0]!, content: "FROM scratch\n" };
  const list = { path: "maps/one.txt", content: "one", encoding: "utf8", executable: false };
  const { revision } = added.body;
  const saved = await client.request("PUT", "/api/v1/games/chess", { yaml, revision, files: [mended, known[2], list] });
  t.is(saved.status, 200, JSON.stringify(saved.body));
  t.deepEqual(await read(), [mended, known[2]!, list]);
  t.is((await client.get("/api/v1/games/nothing/files")).status, 404);
});

test("more files than a change could send back are not sent", async (t) => {
  const { client, config } = await hostingHarness(t);
  t.is((await client.post("/api/v1/games", { yaml, files })).status, 201);
  const folder = join(config.dataDir, "control-plane/games/chess/big");
  await mkdir(folder);
  await writeFile(join(folder, "map.bin"), Buffer.alloc(1_000_000));
  const { status, body } = await client.get<{ code: string; detail: string }>("/api/v1/games/chess/files");
  t.is(status, 409);
  t.regex(body.detail, /change them in its folder/);
});
