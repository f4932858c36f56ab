/** Real certificates for tests of TLS. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Self-signed, for 127.0.0.1 and localhost. */
export function makeCertificate(folder: string): { certFile: string; keyFile: string } {
  const files = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.keyFile];
  const certificate = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...key, ...certificate, "-out", files.certFile], { stdio: "ignore" });
  return files;
}
