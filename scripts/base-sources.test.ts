import test from "ava";
import { aptSettings, mirrorOf } from "./base-sources.ts";

const deb822 = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;

test("the mirror of a deb822 file is the one that serves the plain suite", (t) => {
  t.is(mirrorOf(deb822), "http://mirror.example/debian");
  t.is(mirrorOf(deb822.split("\n\n").reverse().join("\n\n")), "http://mirror.example/debian");
});

test("the mirror of a one-line file is the one that serves the plain suite", (t) => {
  const text =
    "# a comment\ndeb http://a.example/debian-security bookworm-security main\ndeb [arch=amd64] http://a.example/debian bookworm main contrib\n";
  t.is(mirrorOf(text), "http://a.example/debian");
});

test("files of third parties and of other releases give no mirror", (t) => {
  t.is(mirrorOf(""), undefined);
  t.is(mirrorOf("deb http://archive.example/ubuntu noble main\n"), undefined);
  t.is(
    mirrorOf(
      "Types: deb\nURIs: http://vendor.example/repo\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/vendor.gpg\n",
    ),
    undefined,
  );
});

test("settings of how packages are fetched are kept, others are not, and never a password", (t) => {
  const text = `// comment
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy "http://me:secret@proxy.example:3128";
Acquire::Check-Valid-Until "false";
APT::Install-Recommends "0";
Acquire::IndexTargets::deb::DEP-11 { DefaultEnabled "false"; };
`;
  t.deepEqual(aptSettings(text), [
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});
