/** Real certificates for tests of TLS. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Files {
  certFile: string;
  keyFile: string;
}

/** Makes a self-signed certificate for 127.0.0.1 and localhost, over what was in the files before. */
export function makeCertificate(folder: string, name = "one"): Files {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.keyFile];
  const certificate = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...key, ...certificate, "-out", files.certFile], { stdio: "ignore" });
  return files;
}

export const pairIn = ({ certFile, keyFile }: Files): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});
