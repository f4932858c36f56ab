import test from "ava";
import { localControlUrl } from "./config.ts";

test("programs of one machine find its control plane where its settings say that it listens", (t) => {
  t.is(localControlUrl({}), "http://127.0.0.1:8000");
  t.is(localControlUrl({ PLAYSPAWN_HOST: "", PLAYSPAWN_PORT: "9000" }), "http://127.0.0.1:9000");
  t.is(localControlUrl({ PLAYSPAWN_HOST: "10.0.0.5" }), "http://10.0.0.5:8000");
  t.is(localControlUrl({ PLAYSPAWN_HOST: "fd00::5" }), "http://[fd00::5]:8000");
  const publicUrl = { PLAYSPAWN_PUBLIC_URL: "https://play.example.org:8000" };
  t.is(localControlUrl(publicUrl), "http://127.0.0.1:8000", "a proxy's address is not needed to get here");
  t.is(localControlUrl({ ...publicUrl, PLAYSPAWN_TLS_CERT_FILE: "/c.pem" }), "https://play.example.org:8000");
  t.is(localControlUrl({ PLAYSPAWN_TLS_CERT_FILE: "/c.pem" }), "https://127.0.0.1:8000");
});
