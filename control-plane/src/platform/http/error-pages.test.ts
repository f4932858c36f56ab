import { errorCatalog, errorCodes } from "@playspawn/shared";
import test from "ava";
import { harness } from "../../testing/harness.ts";
import { errorPages } from "./error-pages.ts";
import type { Problem } from "./problem.ts";

const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const program = { accept: "application/json" };

test("the type of a problem leads to its page, for a browser and for a program, also before set-up", async (t) => {
  const { stranger } = await harness(t, { config: { admin: null } });
  const { type, code } = (await stranger.get<Problem>("/api/v1/auth/me")).body;
  const page = await stranger.get<string>(type, browser);
  t.is(page.status, 200);
  t.regex(page.headers.get("content-type")!, /^text\/html/);
  for (const heading of ["What it means", "Usual causes", "What to do", "How it reads"])
    t.true(page.body.includes(heading));
  const { status, body } = await stranger.get(type, program);
  t.is(status, 200);
  t.deepEqual(body, { code, ...errorCatalog[code], ...errorPages[code] });
});

test("every code has its page, in whole sentences and without a loose mark", async (t) => {
  const { stranger } = await harness(t);
  for (const code of errorCodes) {
    const { status, body } = await stranger.get<string>(`/errors/${code}`, browser);
    t.is(status, 200, code);
    t.notRegex(body.replace(/<style>.*<\/style>/s, ""), /`|undefined|\bTODO\b/, code);
    const { means, causes, remedy, example } = errorPages[code];
    t.true(causes.length > 0 && remedy.length > 0, code);
    for (const sentence of [means, ...causes, ...remedy]) t.regex(sentence, /^[A-Z`].*[.?]$/s, `${code}: ${sentence}`);
    t.true(example.length > 5, code);
  }
});

test("the list names them all; what is no code is told so", async (t) => {
  const { stranger } = await harness(t);
  const { body } = await stranger.get<string>("/errors", browser);
  for (const code of errorCodes) t.true(body.includes(`href="/errors/${code}"`), code);
  t.is((await stranger.get<{ items: object[] }>("/errors", program)).body.items.length, errorCodes.length);
  t.is((await stranger.get("/errors/nothing_of_that_kind", browser)).status, 404);
  t.is((await stranger.get<Problem>("/errors/toString", program)).body.code, "not_found");
  t.is((await stranger.post("/errors/internal")).status, 405);
});
