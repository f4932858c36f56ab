import { type FakePorts, fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { problemFrom } from "../../api/errors.ts";
import { restoreFrom } from "./send-backup.ts";

type Answer = (method: string, path: string) => Response | undefined;

/** What each token's control plane answers; nothing: the line breaks. */
const planes = new Map<string, Answer>();

const json = (status: number, body: unknown = null): Response => Response.json(body, { status });
const refusal = (status: number, code: string): Response => json(status, { code, title: "Refused", detail: "…" });

/** Each test's token is its upload, which every later path names. */
// oxlint-disable-next-line no-restricted-properties -- the browser's fetch is what stands between page and control plane
globalThis.fetch = async (url, init) => {
  const path = (url as string).replace("/api/v1/setup/restores", "");
  const method = init?.method ?? "GET";
  const token = path.split("/")[1] ?? (JSON.parse(init?.body as string) as { token: string }).token;
  if (path === "") return json(201, { upload: token });
  const answer = planes.get(token)!(method, path.slice(token.length + 1));
  if (!answer) throw new TypeError("fetch failed");
  return answer;
};

interface Ended {
  stages: string[];
  end: string;
}

/** Sends 5 bytes to what `answer` plays. The end is `done`, or the code of what was thrown. */
function restoring(t: ExecutionContext, answer: Answer, signal = new AbortController().signal) {
  const ports = fakePorts();
  const token = t.title.replaceAll(/\W+/g, "-");
  planes.set(token, answer);
  const ended: Ended = { stages: [], end: "" };
  const sending = {
    token,
    file: new File(["world"], "backup"),
    passphrase: "",
    signal,
    uploaded: undefined,
    onUploaded() {},
    onProgress() {},
    onStage: (stage: string) => ended.stages.at(-1) !== stage && void ended.stages.push(stage),
  };
  void restoreFrom(sending, ports).then(
    () => (ended.end = "done"),
    (error: unknown) => (ended.end = signal.aborted ? "aborted" : problemFrom(error).title),
  );
  return { ports, ended };
}

/** Answers of `fetch` settle in tasks, not in microtasks: some for each step of time. */
async function pass(ports: FakePorts, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 1500) {
    for (let turn = 0; turn < 2; turn++) await systemPorts.timers.sleep(0);
    await ports.advance(1500);
  }
}

test("a piece whose answer was lost has arrived, whatever the words of the refusal", async (t) => {
  let put = 0;
  let isChecked = false;
  const { ports, ended } = restoring(t, (method, path) => {
    if (method === "PUT") return ++put === 1 ? undefined : refusal(409, "conflict");
    if (path !== "/check") return isChecked ? refusal(404, "setup_done") : json(200, { state: "receiving", bytes: 5 });
    isChecked = true;
    return json(202, { state: "checking" });
  });
  await pass(ports, 10_000);
  t.deepEqual(ended, { stages: ["sending", "checking"], end: "done" });
});

test("a refused piece that has not arrived is tried so often and no more", async (t) => {
  let put = 0;
  const { ports, ended } = restoring(t, (method) => {
    if (method === "PUT") return ++put === 1 ? undefined : refusal(409, "conflict");
    return json(200, { state: "receiving", bytes: 0 });
  });
  await pass(ports, 60_000);
  t.is(put, 6);
  t.deepEqual(ended, { stages: ["sending"], end: "Refused" });
});

test("whoever does not come back is waited for so long and no longer; before that the page says that it takes long", async (t) => {
  const { ports, ended } = restoring(t, (method, path) => {
    if (method === "PUT") return new Response(null, { status: 204 });
    return path === "/check" ? json(202, { state: "checking" }) : undefined;
  });
  await pass(ports, 60_000);
  t.is(ended.stages.at(-1), "restarting");
  await pass(ports, 120_000);
  t.is(ended.stages.at(-1), "late");
  t.is(ended.end, "");
  await pass(ports, 30 * 60_000);
  t.is(ended.end, "Playspawn did not come back");
  t.is(ports.pending(), 0);
});

test("whoever stops waiting is told nothing more", async (t) => {
  const leaving = new AbortController();
  const { ports, ended } = restoring(
    t,
    (method) => (method === "PUT" ? new Response(null, { status: 204 }) : json(202, { state: "checking" })),
    leaving.signal,
  );
  await pass(ports, 10_000);
  leaving.abort();
  await pass(ports, 10_000);
  t.deepEqual(ended, { stages: ["sending", "checking"], end: "aborted" });
  t.is(ports.pending(), 0);
});
