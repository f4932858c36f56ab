/** Real certificates for tests of TLS. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TlsFiles } from "../platform/http/tls.ts";

/** Makes a self-signed certificate for 127.0.0.1 and localhost, over what was in the files before. */
export function makeCertificate(folder: string, { name = "one", curve = "prime256v1" } = {}): TlsFiles {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  const key = ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-nodes", "-keyout", files.keyFile];
  const certificate = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...key, ...certificate, "-out", files.certFile], { stdio: "ignore" });
  return files;
}

export const certificateIn = ({ certFile }: TlsFiles): Buffer => readFileSync(certFile);
