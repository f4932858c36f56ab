import test from "ava";
import { addressFaults, capabilityGroups, driveFailure, shortcomings } from "./nodes.ts";

const secret = "s".repeat(32);

test("a node's address is judged before it is sent: whole, without a path, with a long secret", (t) => {
  const faults = (url: string) => addressFaults({ name: "attic", url, secret }).url;
  t.deepEqual(
    ["https://node.example.org:8001", " http://10.0.0.2:8001/ "].map(faults),
    [undefined, undefined],
    "both are fine",
  );
  for (const url of ["", "node.example.org", "10.0.0.2:8001", "ftp://a.example"])
    t.regex(faults(url)!, /^Write the whole/);
  t.regex(faults("https://a.example/api")!, /^Leave out/);
  t.deepEqual(addressFaults({ name: " ", url: "https://a.example", secret: "short" }), {
    name: "Give it a name.",
    secret: "Must have at least 32 characters.",
  });
});

test("why a node cannot be dialled is told until its secret is another", (t) => {
  const failed = { kind: "drive_failed", data: { reason: "nobody answers" } };
  t.is(driveFailure([{ kind: "adopted", data: {} }, failed]), "Nobody answers");
  t.is(driveFailure([{ kind: "secret_rotated", data: {} }, failed]), undefined);
  t.is(driveFailure([]), undefined);
});

test("a protection that a node lacks is a sentence, with its reason", (t) => {
  t.deepEqual(shortcomings({ egressFilter: true, isolatedPorts: true }), []);
  t.deepEqual(shortcomings({}), [], "an older agent does not say");
  t.deepEqual(shortcomings({ egressFilter: false, egressFilterFault: "no nftables", isolatedPorts: false }), [
    "Games on this node can reach your private network: no nftables",
    "Servers on this node can reach each other.",
  ]);
});

test("players who are kept out of sleeping servers are told of first, and not what could not be tried", (t) => {
  const firewallFault = "Sleeping servers cannot be reached: ufw lets nothing in.";
  t.deepEqual(shortcomings({ seccomp: false, sleepersReachable: false, firewallFault }), [
    firewallFault,
    "Dangerous system calls of games are not refused.",
  ]);
  t.deepEqual(shortcomings({ sleepersReachable: "untested", firewallFault: "nft is missing." }), []);
});

test("what protects comes first, in the order of its weight; what only programs ask for is left out", (t) => {
  t.deepEqual(capabilityGroups({ kernel: "6.1", seccomp: true, stats: true, egressFilter: false }), [
    {
      title: "Protection",
      entries: [
        ["egressFilter", false],
        ["seccomp", true],
      ],
    },
    { title: "Machine", entries: [["kernel", "6.1"]] },
  ]);
  t.deepEqual(capabilityGroups({ stats: true }), []);
});
