/** Nodes, wake tokens and usage on the dashboard, in a real Chromium against real programs. */
import test, { type ExecutionContext } from "ava";
import type { Page } from "playwright-core";
import { type Eyes, openEyes } from "./dashboard/eyes.ts";
import { type House, startHouse } from "./dashboard/house.ts";
import { create, signIn, state } from "./dashboard/people.ts";

const nodeSecret = "the secret of a node, without spaces".replaceAll(" ", "-");
const slow = { timeout: 120_000 };

/** First with a secret that is not the agent's: the form says so, and the next try mends it. */
async function addByAddress(t: ExecutionContext, { page, look }: Eyes, { agentUrl }: House): Promise<void> {
  const form = page.getByRole("form", { name: "Node by address" });
  const fill = async (secret: string): Promise<void> => {
    await form.getByLabel("Name", { exact: true }).fill("basement");
    await form.getByLabel("Address", { exact: true }).fill(agentUrl);
    await form.getByLabel("Secret", { exact: true }).fill(secret);
    await form.getByRole("button", { name: "Add node" }).click();
  };
  await page.getByRole("link", { name: "Nodes" }).first().click();
  await page.getByText("No node has joined yet").waitFor();
  await page.getByRole("button", { name: "Add a node" }).click();
  await page.getByRole("radio", { name: "By its address" }).click();
  await form.getByRole("button", { name: "Add node" }).click();
  await form.getByText("Give it a name.").waitFor();
  await form.getByRole("button", { name: "Make one up" }).click();
  await look("node-by-address");
  await fill("x".repeat(40));
  await form.getByText(/is not this node's secret/).waitFor(slow);
  t.is(
    await form.getByRole("link", { name: /node_secret_invalid/ }).getAttribute("href"),
    "/errors/node_secret_invalid",
  );
  await look("node-refused");
  await fill(nodeSecret);
  await page.getByText("basement has joined.").waitFor(slow);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Protection and machine").click();
  await look("node-driven");
}

/** Does what the line that is shown would do in a shell; answers the HTTP status. */
async function run(page: Page): Promise<number> {
  const line = await page.getByText(/^curl /).innerText();
  const { url, body } = /^curl -fsS (?<url>\S+) -H 'content-type: application\/json' -d '(?<body>.*)'$/.exec(
    line,
  )!.groups!;
  const headers = { "content-type": "application/json" };
  return (await fetch(url!, { method: "POST", headers, body: body! })).status;
}

test("a node is added by its address, its server shows what it uses, is woken by its token and by no old one, and the node is shut out", async (t) => {
  t.timeout(400_000);
  const house = await startHouse(t, { nodeSecret });
  const eyes = await openEyes(t);
  const { page, look } = eyes;
  await signIn(eyes, house);
  await addByAddress(t, eyes, house);
  await create(page, "Evening echo");
  await state(page, "Running").waitFor(slow);

  const usage = page.getByRole("region", { name: "Usage" });
  await usage
    .getByText(/^[\d.]+ [kM]?B$/)
    .first()
    .waitFor(slow);
  await usage.getByText(/^[\d.]+ cores?$/).waitFor();
  t.regex((await usage.getByRole("img", { name: /^Memory/ }).getAttribute("aria-label"))!, / % of its limit$/);
  await look("usage");
  await page.getByRole("button", { name: "Sleep" }).click();
  await state(page, "Asleep").waitFor(slow);
  await usage
    .getByText(/^(Asleep it uses next to nothing|Paused it keeps its memory and uses no processor)\.$/)
    .waitFor();

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Make a wake token" }).click();
  await page.getByText(/^curl /).waitFor();
  await look("wake-token");
  t.is(await run(page), 202);
  await state(page, "Running").waitFor(slow);
  const old = await page.getByText(/^curl /).innerText();
  // Also who comes later, and after many events, sees that there is one.
  await page.reload();
  await page.getByText(/There is one, made/).waitFor();
  await page.getByRole("button", { name: "End it" }).waitFor();
  await page.getByRole("button", { name: "Make another" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make another" }).click();
  await page.getByText(old).waitFor({ state: "detached" });
  t.is(await run(page), 202);
  const line = page.getByText(/^curl /);
  await line.evaluate((element, text) => (element.textContent = text), old);
  t.is(await run(page), 401, "the one before is good no more");
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByRole("button", { name: "Make a wake token" }).waitFor();

  await page.getByRole("link", { name: "Nodes" }).first().click();
  await page.getByRole("button", { name: "Revoke basement" }).click();
  await page.getByLabel("Type basement to confirm").fill("basement");
  await look("revoke");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("basement is shut out.").waitFor();
  t.deepEqual(eyes.faults(), []);
});
