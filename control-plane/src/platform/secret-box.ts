/**
 * Secrets that must be had back as they were are kept under a key of the installation, AES-256-GCM: a copy of the database
 * alone gives none of them away. The key is a file beside it; whoever backs the platform up takes both.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { AppError, type Rng } from "@playspawn/shared";

export interface SecretBox {
  /** @param use what the secret is for; it opens for nothing else, e.g. `node node_01jd…` */
  seal(secret: string, use: string): string;
  /** @throws AppError internal when it was sealed under another key or for another use */
  open(sealed: string, use: string): string;
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = "v1.";

/** Makes the key at the first start. @param path of the key, 0600 @throws Error when what is there is no key */
export async function secretBox(path: string, rng: Rng): Promise<SecretBox> {
  const key = await keyAt(path, rng);
  return {
    seal(secret, use) {
      const nonce = rng.bytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(use));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return version + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64url");
    },
    open(sealed, use) {
      try {
        if (!sealed.startsWith(version)) throw new Error("it is of another version");
        const bytes = Buffer.from(sealed.slice(version.length), "base64url");
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(Buffer.from(use))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
        return text.toString("utf8");
      } catch (cause) {
        const sentence = `The secret for ${use} cannot be opened with the key in ${path}: the file is not the one that it was sealed with.`;
        throw new AppError("internal", sentence, { cause });
      }
    },
  };
}

async function keyAt(path: string, rng: Rng): Promise<Buffer> {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(Buffer.from(rng.bytes(keyBytes)).toString("hex"));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const text = (await readFile(path, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new Error(`${path} holds no key. Restore it from a backup of this installation.`);
  return Buffer.from(text, "hex");
}
