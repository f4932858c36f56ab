/** What `playspawn backup` does, given its arguments; said on stderr, answered on stdout. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { addAbortSignal, type Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { AppError, type Ports } from "@playspawn/shared";
import type { Manifest } from "@playspawn/shared/node/backup/format.ts";
import { count } from "@playspawn/shared/words/count.ts";
import { createBackup } from "./create.ts";
import { openDraft } from "./draft.ts";
import { restoreBackup } from "./restore.ts";
import { keepAwake, settle } from "./settle.ts";

export interface Terminal {
  stdin: Readable;
  stdout: Writable;
  /** A line to standard error. */
  say(line: string): void;
  /** Somebody wants it to end: what is half done is taken away, and the command rejects. */
  signal: AbortSignal;
}

export interface BackupPlace {
  dataDir: string;
  databaseUrl: string | null;
  gamesDir: string | null;
  agentUrl: string;
  ports: Ports;
}

export interface CreateCommand {
  /** `-` for standard output; in a folder that is there it gets a name of its own. */
  file: string;
  passphraseFile: string | undefined;
  /** A backup that lies there is replaced. */
  force: boolean;
  servers: boolean;
  json: boolean;
}

export async function createCommand(place: BackupPlace, command: CreateCommand, terminal: Terminal): Promise<void> {
  requireRoot("The data folder belongs to several users");
  const passphrase = await passphraseFrom(command.passphraseFile, terminal);
  const name = nameOf(place.ports.clock.now(), passphrase !== undefined);
  const draft = command.file === "-" ? null : await openDraft({ at: command.file, name, force: command.force });
  const out = draft ? draft.stream : terminal.stdout;
  const letSleep = command.servers ? await keepAwake(place) : undefined;
  try {
    const { say: progress, signal } = terminal;
    const created = await createBackup({
      ...place,
      ...command,
      out,
      passphrase,
      progress,
      signal,
      settle: () => settle({ ...place, progress, signal }),
    });
    const bytes = draft && (await draft.keep());
    for (const line of wordsOf(created.manifest, created.notes)) terminal.say(line);
    if (passphrase === undefined) terminal.say(`${unsealed}${draft ? " The mode of the file is 0600." : ""}`);
    if (!draft) return;
    const { file } = draft;
    const { manifest, notes } = created;
    terminal.stdout.write(
      command.json ? `${JSON.stringify({ file, bytes, manifest, notes }, null, 2)}\n` : `${file}\n`,
    );
  } catch (error) {
    await draft?.drop();
    throw error;
  } finally {
    await letSleep?.();
  }
}

const unsealed =
  "The key of this installation, all accounts and all worlds are in this backup, and nothing seals it: whoever has it has all of them. Keep it like a password, or use --passphrase-file.";

const pad = (n: number): string => String(n).padStart(2, "0");

function nameOf(now: number, isSealed: boolean): string {
  const [day = "", time = ""] = new Intl.DateTimeFormat("sv-SE", {
    dateStyle: "short",
    timeStyle: "medium",
    timeZone: "UTC",
  })
    .format(now)
    .split(" ");
  const stamp = `${day.replaceAll("-", "")}-${time.split(":").map(Number).map(pad).join("")}`;
  return `playspawn-${stamp}.tar.zst${isSealed ? ".sealed" : ""}`;
}

export interface RestoreCommand {
  /** `-` for standard input. */
  file: string;
  passphraseFile: string | undefined;
  replace: boolean;
  json: boolean;
}

export async function restoreCommand(place: BackupPlace, command: RestoreCommand, terminal: Terminal): Promise<void> {
  requireRoot("Files of several users are restored");
  if (command.file === "-" && command.passphraseFile === "-")
    throw new AppError(
      "invalid_request",
      "Standard input cannot be both the backup and its passphrase: name a file for one.",
    );
  const passphrase = await passphraseFrom(command.passphraseFile, terminal);
  const source = command.file === "-" ? terminal.stdin : await openFile(command.file);
  const { manifest, contents, aside } = await restoreBackup({
    ...place,
    // Once all of it is read nothing is half done that could be taken away.
    source: addAbortSignal(terminal.signal, source),
    opener: { passphrase },
    replace: command.replace,
    progress: terminal.say,
  });
  for (const line of wordsOf(manifest, contents.notes)) terminal.say(line);
  if (contents.parts.some(({ name }) => name === "games"))
    terminal.say(`Games of your own were in it: start with PLAYSPAWN_GAMES_DIR=${place.dataDir}/games.`);
  if (aside) terminal.say(`What was there lies in ${aside}.`);
  terminal.say("Start Playspawn; everybody signs in anew.");
  if (command.json)
    terminal.stdout.write(
      `${JSON.stringify({ dataDir: place.dataDir, aside, manifest, notes: contents.notes }, null, 2)}\n`,
    );
}

async function openFile(path: string): Promise<Readable> {
  const handle = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new AppError("invalid_request", `The backup ${path} cannot be read: ${cause.message}.`, { cause });
  });
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw new AppError("invalid_request", `${path} is a folder, and no backup.`);
  }
  return createReadStream(path, { fd: handle, highWaterMark: 1024 ** 2 });
}

function requireRoot(why: string): void {
  if (process.getuid?.() !== 0)
    throw new AppError("forbidden", `${why}, so this needs root on the machine of the data folder: run it with sudo.`);
}

const passphraseBytesMax = 10_000;
const passphraseMin = 8;

async function passphraseFrom(file: string | undefined, { stdin, signal }: Terminal): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const source = file === "-" ? stdin : createReadStream(file, { end: passphraseBytesMax });
  const bytes = await buffer(addAbortSignal(signal, source)).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new AppError("invalid_request", `The passphrase cannot be read from ${file}: ${cause.message}.`, { cause });
  });
  const text = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (text.length < passphraseMin || bytes.length > passphraseBytesMax)
    throw new AppError(
      "invalid_request",
      `A passphrase has ${passphraseMin} to ${passphraseBytesMax} characters; the one given has ${text.length}.`,
    );
  return text;
}

const copyWords: Partial<Record<Manifest["servers"][number]["copy"], string>> = {
  running: "was copied while it ran: its world is as a power cut would leave it",
  elsewhere: "is on another node: its files are not in this backup",
  without: "is in it without its files",
};

/** How its servers are in it, as far as that is less than whole. */
function wordsOf(manifest: Manifest, notes: readonly string[]): string[] {
  const lesser = manifest.servers.flatMap(({ name, id, copy }) =>
    copyWords[copy] ? [`${name} (${id}) ${copyWords[copy]}.`] : [],
  );
  const shown = lesser.slice(0, 20);
  const more = lesser.length > shown.length ? [`… and ${lesser.length - shown.length} more.`] : [];
  const all = `${count(manifest.servers.length, "server")}, ${count(manifest.rows["users"] ?? 0, "account")}.`;
  return [all, ...shown, ...more, ...notes];
}
