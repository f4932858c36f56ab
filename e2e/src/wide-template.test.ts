import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startStack } from "./stack/stack.ts";
import { gamesWithTiny } from "./stack/tiny.ts";

/** A game of Perl, which Debian's own image has. Told to end, it writes down who it is and what it got. */
const program = `
use IO::Socket::INET;
$| = 1;
my $listen = sub { IO::Socket::INET->new(Listen => 5, LocalPort => shift, ReuseAddr => 1) or die };
my $players = '{"online": 1, "max": 3, "names": ["ada"]}';
if (fork() == 0) {
  my $s = $listen->(7001);
  while (my $c = $s->accept) {
    sysread $c, my $question, 1000;
    print $c "HTTP/1.0 200 OK\\r\\nContent-Length: " . length($players) . "\\r\\n\\r\\n$players";
    close $c;
  }
}
$SIG{TERM} = sub { open F, ">", "/data/saved"; print F "$> $ENV{PASSWORD} @ARGV"; close F; exit 0 };
my $s = $listen->($ENV{GAME_PORT});
print "up\\n";
while (1) { my $c = $s->accept or next; print $c "hello"; close $c }
`;

const wide = `id: wide
name: Wide
description: Uses what images of the outside world need.
image: { ref: "debian:bookworm-slim" }
ports:
  game: { protocol: tcp, container: public, public: auto, env: GAME_PORT }
  other: { protocol: udp, container: public, public: { of: game, offset: 0 } }
  players: { protocol: tcp, container: 7001, public: none }
entrypoint: [/usr/bin/setpriv, --reuid=1000, --regid=1000, --clear-groups, perl, -e, ${JSON.stringify(program)}, --]
command: ["--world={{WORLD}}", [--seed, "{{SEED}}"], [--size, "{{SIZE}}"]]
variables:
  WORLD: { type: string, label: World, default: a b }
  SEED: { type: string, label: Seed, default: "" }
  SIZE: { type: enum, label: Size, default: "2", options: ["1", "2"], labels: { "1": Small, "2": Large } }
  PASSWORD: { type: string, label: Password, default: "", secret: true, generate: true }
volumes: { data: /data }
user: "1000:1000"
profile: compat
cpu: 0.5
memory: 64M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20, firstLimitSeconds: 60 }
stop: { signal: SIGTERM, limitSeconds: 10 }
players: { query: http, port: players }
`;

test("a game that became another user gets its port, its arguments and a secret, is counted in private, and saves when it is told to end", async (t) => {
  t.timeout(300_000);
  const games = await gamesWithTiny({ wide });
  t.teardown(games.remove);
  const stack = await startStack(t, {
    env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } },
  });
  const made = await stack.api.create({ name: "wide", game: "wide", idleSeconds: null, variables: { WORLD: "c d" } });
  const { id, addresses } = made;
  t.deepEqual(
    addresses.map(({ name, protocol }) => `${name} ${protocol}`),
    ["game tcp", "other udp"],
  );
  t.is(addresses[0]!.port, addresses[1]!.port);
  await stack.inState(id, "ready", { limitMs: 120_000 });
  const counted = await stack.live.until("a count", 30_000, async () => {
    const { players } = await stack.api.server(id);
    return players ?? undefined;
  });
  t.deepEqual(counted, { online: 1, max: 3, names: ["ada"] });

  await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`);
  const { error } = await stack.inState(id, "hibernated");
  t.is(error, null);
  const saved = await readFile(join(stack.dataDir, "agent/servers", id, "data/data/saved"), "utf8");
  t.regex(saved, /^1000 [\w-]{24} --world=c d --size 2$/);
});
