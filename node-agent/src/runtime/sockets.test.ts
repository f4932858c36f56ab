import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import test from "ava";
import { readTable, socketsOf } from "./sockets.ts";

test("what listens for others is told by protocol and port; connections, and what only this machine reaches, are not", (t) => {
  const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const tcp = `${head}   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1
   1: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000 0 0 2
   2: 0B00007F:A747 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 3
   3: 00000000000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4\n`;
  t.deepEqual(readTable("tcp", tcp), [{ protocol: "tcp", port: 8080 }]);
  const udp = `${head} 3411: 00000000000000000000000000000000:7530 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 3 2
 3412: 0200000A:7531 0300000A:C000 01 00000000:00000000 00:00000000 00000000 0 0 4\n`;
  t.deepEqual(readTable("udp", udp), [{ protocol: "udp", port: 30_000 }]);
  t.deepEqual(readTable("tcp", "nonsense"), []);
});

test("the kernel tells of this very process", async (t) => {
  const tcp = createServer().listen(0);
  const udp = createSocket("udp4").bind(0);
  t.teardown(() => void tcp.close());
  t.teardown(() => void udp.close());
  await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
  const open = (await socketsOf(process.pid)).map(({ protocol, port }) => `${protocol}/${port}`);
  t.true(open.includes(`tcp/${(tcp.address() as AddressInfo).port}`));
  t.true(open.includes(`udp/${udp.address().port}`));
});
