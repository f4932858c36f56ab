/** Certificate and key from files: checked before they are used, and read again when they are renewed. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { AppError, messageOf, type Ports } from "@playspawn/shared";
import type { Log } from "../log.ts";
import { endWithProblem } from "./bare-problem.ts";

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

export interface TlsMaterial {
  cert: Buffer;
  key: Buffer;
}

export const minVersion = "TLSv1.2";

/** @throws Error with a sentence that names the variable */
export function readTls({ certFile, keyFile }: TlsFiles): TlsMaterial {
  const cert = read("PLAYSPAWN_TLS_CERT_FILE", certFile);
  const key = read("PLAYSPAWN_TLS_KEY_FILE", keyFile);
  const certificate = certificateOf(cert, certFile);
  if (!certificate.checkPrivateKey(keyOf(key, keyFile)))
    throw new Error(`The key in ${keyFile} (PLAYSPAWN_TLS_KEY_FILE) is not the one of the certificate in ${certFile}.`);
  try {
    createSecureContext({ cert, key, minVersion });
  } catch (error) {
    throw new Error(`${certFile} (PLAYSPAWN_TLS_CERT_FILE) cannot be used for TLS: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  return { cert, key };
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${variable} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

function certificateOf(cert: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (error) {
    throw new Error(`${file} (PLAYSPAWN_TLS_CERT_FILE) holds no certificate: it must be PEM, the whole chain.`, {
      cause: error,
    });
  }
}

function keyOf(key: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(key);
  } catch (error) {
    throw new Error(`${file} (PLAYSPAWN_TLS_KEY_FILE) holds no private key: it must be PEM, without a password.`, {
      cause: error,
    });
  }
}

const checkMs = 10_000;

/**
 * Looks every 10 s whether the files changed, which also notices what is put in their place by a rename or a mount.
 * A pair that cannot be used is told once, and the one before stays.
 */
export function watchTls(
  files: TlsFiles,
  { ports, log, use }: { ports: Ports; log: Log; use(material: TlsMaterial): void },
): () => void {
  let seen = fingerprint(files);
  return ports.timers.every(checkMs, () => {
    const now = fingerprint(files);
    if (now === seen) return;
    seen = now;
    try {
      use(readTls(files));
      log.info({ certificate: files.certFile }, "the new certificate is in use");
    } catch (error) {
      log.error({ reason: messageOf(error) }, "the new certificate cannot be used; the one before stays in use");
    }
  });
}

/** Both files as they are; a file that cannot be read has a fingerprint, too. */
const fingerprint = ({ certFile, keyFile }: TlsFiles): string =>
  [certFile, keyFile]
    .map((file) => {
      try {
        return readFileSync(file, "base64");
      } catch (error) {
        return messageOf(error);
      }
    })
    .join(" ");

/** How long a client may say nothing at all. */
const silenceMs = 10_000;
/** The first byte of every TLS connection. */
const handshakeRecord = 22;

/**
 * Looks at the first byte of each connection: one that speaks plain HTTP is told so in plain HTTP, instead of being cut.
 * Answers all connections, also those that never finish their handshake.
 */
export function tellPlainClients(
  server: Server,
  { ports, publicUrl }: { ports: Ports; publicUrl: URL },
): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  const handshake = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const cancel = ports.timers.after(silenceMs, () => socket.destroy());
    socket.once("close", cancel);
    socket.once("readable", () => {
      cancel();
      const first = socket.read() as Buffer | null;
      if (first === null) return void socket.destroy();
      if (first[0] !== handshakeRecord) return refusePlain(socket, publicUrl, ports);
      socket.unshift(first);
      for (const listener of handshake) listener.call(server, socket);
    });
  });
  // Nobody is there to read an answer, so there is none.
  server.prependListener("tlsClientError", (_error, socket) => socket.destroy());
  return open;
}

function refusePlain(socket: Socket, publicUrl: URL, ports: Ports): void {
  socket.resume();
  const words = `This port speaks https, not http: use ${publicUrl.origin}.`;
  endWithProblem(socket, new AppError("https_required", words), ports);
}
