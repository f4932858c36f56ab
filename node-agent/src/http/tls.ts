/** The certificate of the agent's HTTP API: read at the start, and again whenever its files change. */
import { createSecureContext } from "node:tls";
import { readFile } from "node:fs/promises";
import { ConfigError, messageOf, type Ports } from "@playspawn/shared";
import type { Logger } from "pino";

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

export interface Pair {
  cert: string;
  key: string;
}

export interface Certificate {
  context: Pair;
  onChange(listener: (context: Pair) => void): void;
  close(): void;
}

const lookEveryMs = 5_000;

/** @throws ConfigError */
export async function certificate(files: CertificateFiles, ports: Ports, log: Logger): Promise<Certificate> {
  let present = await read(files).catch((error: unknown) => {
    throw new ConfigError([
      `PLAYSPAWN_AGENT_TLS_CERT_FILE and PLAYSPAWN_AGENT_TLS_KEY_FILE cannot be used: ${messageOf(error)}.`,
    ]);
  });
  let tell = (_context: Pair): void => undefined;
  let reason = "";
  const look = async (): Promise<void> => {
    try {
      const next = await read(files);
      reason = "";
      if (next.cert === present.cert && next.key === present.key) return;
      present = next;
      tell(present);
      log.info("the certificate was replaced");
    } catch (error) {
      // Half written files, or a key that does not belong to the certificate yet.
      if (reason !== messageOf(error))
        log.warn({ err: error }, "the new certificate cannot be used; the old one stays");
      reason = messageOf(error);
    }
  };
  return {
    context: present,
    onChange: (listener) => void (tell = listener),
    close: ports.timers.every(lookEveryMs, () => void look()),
  };
}

async function read({ certFile, keyFile }: CertificateFiles): Promise<Pair> {
  const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  createSecureContext({ cert, key });
  return { cert, key };
}
