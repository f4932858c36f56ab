/** Files beside a template as a form holds them, and as they are sent. */
import type { Fault } from "@playspawn/shared/domain/errors.ts";

export interface TemplateFile {
  path: string;
  content: string;
  encoding?: "utf8" | "base64";
  executable?: boolean;
}

/** What is taken beside one template, bytes in all. */
export const filesBytesMax = 768 * 1024;

export const isText = ({ encoding }: TemplateFile): boolean => encoding !== "base64";

/** Bytes. */
export function sizeOf(file: TemplateFile): number {
  if (isText(file)) return new TextEncoder().encode(file.content).length;
  return Math.floor((file.content.replace(/=+$/, "").length * 3) / 4);
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What was picked from a disk: a text where it is one. */
export function fileFrom(path: string, bytes: Uint8Array): TemplateFile {
  const text = textOf(bytes);
  if (text !== undefined) return { path, content: text, encoding: "utf8" };
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return { path, content: btoa(binary), encoding: "base64" };
}

/** With those put in: one of the same path is replaced in its place and stays executable if it was. */
export function withFiles(files: readonly TemplateFile[], added: readonly TemplateFile[]): TemplateFile[] {
  const next = [...files];
  for (const file of added) {
    const at = next.findIndex(({ path }) => path === file.path);
    if (at === -1) next.push(file);
    else next[at] = { ...file, executable: file.executable ?? next[at]?.executable ?? false };
  }
  return next;
}

const keyOf = ({ path, content, encoding, executable }: TemplateFile): string =>
  JSON.stringify([path, content, encoding ?? "utf8", executable ?? false]);

/** The same files, whatever their order. */
export const sameFiles = (a: readonly TemplateFile[], b: readonly TemplateFile[]): boolean =>
  JSON.stringify(a.map(keyOf).toSorted()) === JSON.stringify(b.map(keyOf).toSorted());

/** `Dockerfile: must be…`: faults of a refusal that are about files, as they were sent. */
export function fileFaults(faults: readonly Pick<Fault, "pointer" | "detail">[], files: readonly TemplateFile[]) {
  return faults.flatMap(({ pointer, detail }) => {
    const [, name, index] = pointer.replace(/^#/, "").split("/");
    if (name !== "files") return [];
    const path = files[Number(index)]?.path;
    return [index === undefined ? `Files: ${detail}` : `${path || "A file without a path"}: ${detail}`];
  });
}
