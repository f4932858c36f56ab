/**
 * The build context of a game folder as a tar whose bytes depend on nothing but names, contents and the executable bit,
 * so that equal folders have equal hashes on every machine.
 */
import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@playspawn/shared";
import { pack } from "tar-stream";

const contextBytesMax = 64 * 1024 * 1024;
const contextFilesMax = 5000;

interface ContextFile {
  /** Relative to the folder, with forward slashes. */
  path: string;
  executable: boolean;
  bytes: number;
}

/**
 * Writes `<contexts>/<sha256>.tar` unless it exists already.
 * @param skip names at the top of the folder that are no part of the build
 * @returns the SHA-256 of the tar, as hex
 * @throws AppError invalid_request when the folder is too large or holds a link or a device
 */
export async function writeContext(folder: string, contexts: string, skip: ReadonlySet<string>): Promise<string> {
  const files = (await listFiles(folder, "")).filter((file) => !skip.has(file.path));
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  if (total > contextBytesMax)
    throw new AppError("invalid_request", `The folder holds ${total} bytes; at most ${contextBytesMax} are allowed.`);
  const tar = await tarOf(folder, files);
  const sha256 = createHash("sha256").update(tar).digest("hex");
  await mkdir(contexts, { recursive: true });
  await writeOnce(join(contexts, `${sha256}.tar`), tar);
  return sha256;
}

export const contextPath = (contexts: string, sha256: string): string => join(contexts, `${sha256}.tar`);

let drafts = 0;

/** Two loads of one folder may write at the same time: each its own draft. */
async function writeOnce(path: string, bytes: Buffer): Promise<void> {
  const exists = await lstat(path).catch(() => undefined);
  if (exists?.size === bytes.length) return;
  const draft = `${path}.${drafts++}.part`;
  try {
    await writeFile(draft, bytes);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function listFiles(root: string, under: string): Promise<ContextFile[]> {
  const entries = await readdir(join(root, under), { withFileTypes: true });
  const found: ContextFile[] = [];
  // Byte order, not the locale's: the hash must not depend on the machine's language.
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = under === "" ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(root, path)));
    else if (entry.isFile()) found.push(await describe(root, path));
    else throw new AppError("invalid_request", `${path} is neither a file nor a folder; links are not taken along.`);
    if (found.length > contextFilesMax)
      throw new AppError("invalid_request", `The folder holds more than ${contextFilesMax} files.`);
  }
  return found;
}

async function describe(root: string, path: string): Promise<ContextFile> {
  const stat = await lstat(join(root, path));
  return { path, executable: (stat.mode & 0o100) !== 0, bytes: stat.size };
}

async function tarOf(folder: string, files: readonly ContextFile[]): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  const done = (async () => {
    for await (const chunk of tar) chunks.push(chunk as Buffer);
  })();
  // Epoch zero for every file: the only use of Date is the type that tar-stream asks for.
  const mtime = { getTime: () => 0 } as Date;
  for (const file of files) {
    const header = { name: file.path, mode: file.executable ? 0o755 : 0o644, mtime, uid: 0, gid: 0 };
    tar.entry({ ...header, type: "file" }, await readFile(join(folder, file.path)));
  }
  tar.finalize();
  await done;
  return Buffer.concat(chunks);
}
