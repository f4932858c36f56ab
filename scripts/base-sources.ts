/** Where this machine gets its Debian packages from, carried into an image that is made on it. */
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The Debian release that images are made of. */
export const suite = "bookworm";

interface Sources {
  mirror: string;
  /** Source files under /etc/apt, by their path there. */
  files: Map<string, string>;
}

/**
 * The machine's own Debian sources, so that builds fetch packages from where this machine does.
 * Undefined when the machine is not of the same release: then debootstrap's defaults stand.
 */
export async function machineSources(): Promise<Sources | undefined> {
  const files = new Map<string, string>();
  for (const path of ["sources.list", ...(await names("/etc/apt/sources.list.d")).map((n) => `sources.list.d/${n}`)]) {
    if (!/\.(list|sources)$/.test(path)) continue;
    const text = await readFile(join("/etc/apt", path), "utf8").catch(() => "");
    // Others need keys that the image does not have.
    if (mirrorOf(text)) files.set(path, text);
  }
  const mirror = [...files.values()].map(mirrorOf).find((uri) => uri !== undefined);
  return mirror === undefined ? undefined : { mirror, files };
}

/** The first URI that serves the plain suite, in either format of apt sources; undefined for third parties' files. */
export function mirrorOf(text: string): string | undefined {
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.+)$`, "m").exec(stanza)?.[1] ?? "";
    const debian = field("Signed-By").includes("debian-archive-keyring") || field("Signed-By") === "";
    if (debian && field("Suites").split(/\s+/).includes(suite)) return field("URIs").split(/\s+/)[0];
  }
  return new RegExp(`^deb\\s+(?:\\[[^\\]]*\\]\\s+)?(\\S+)\\s+${suite}\\s+.*\\bmain\\b`, "m").exec(text)?.[1];
}

export async function installSources(root: string, files: Map<string, string>): Promise<void> {
  await rm(join(root, "etc/apt/sources.list"), { force: true });
  for (const [path, text] of files) await writeFile(join(root, "etc/apt", path), text);
  const settings: string[] = [];
  for (const name of await names("/etc/apt/apt.conf.d")) {
    const text = await readFile(join("/etc/apt/apt.conf.d", name), "utf8").catch(() => "");
    settings.push(...aptSettings(text));
  }
  await writeFile(join(root, "etc/apt/apt.conf.d/99machine"), settings.map((line) => `${line}\n`).join(""));
}

/** Settings of how packages are fetched (proxies, checks). Lines with a password in a URL stay on the machine. */
export function aptSettings(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^Acquire::(?:https?|Check|Retries|ForceIPv[46])\S*\s.*;$/i.test(line))
    .filter((line) => !/:\/\/[^/\s"]*@/.test(line));
}

/** What is in a folder, sorted; nothing when there is no such folder. */
export async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}
