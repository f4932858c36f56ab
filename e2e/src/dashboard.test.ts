/** The dashboard in a real Chromium, against the real control plane, agent, door and Docker Engine. */
import test from "ava";
import type { Page } from "playwright-core";
import { type Eyes, openEyes } from "./dashboard/eyes.ts";
import { admin, type House, startHouse } from "./dashboard/house.ts";
import { create, signIn, state } from "./dashboard/people.ts";
import { echo } from "./stack/tiny.ts";

const name = "Evening echo";

const portOf = async (page: Page): Promise<number> =>
  Number(/127\.0\.0\.1:(\d+)/.exec(await page.getByText(/^127\.0\.0\.1:\d+$/).innerText())![1]);

async function makeAccount(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password", { exact: true }).fill(admin.password);
  await page.getByLabel("Password again").fill(admin.password);
  await page.getByRole("button", { name: "Create the account" }).click();
}

async function setUp({ page, look, visit }: Eyes, { setupUrl }: House): Promise<void> {
  await visit(setupUrl);
  await page.getByLabel("E-mail").fill("nobody");
  await page.getByLabel("Password", { exact: true }).fill("too short");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByText("Write an e-mail address").waitFor();
  await page.getByText("Use at least 12 characters.").waitFor();
  await look("setup");
  await makeAccount(page);
  await page.getByRole("heading", { name: "No servers yet" }).waitFor();
  await look("empty");
}

async function signOutAndIn({ page, look }: Eyes): Promise<void> {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await look("sign-in");
  await page.getByLabel("Password").fill(admin.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Servers", level: 1 }).waitFor();
}

async function createWithFaults({ page, look }: Eyes): Promise<void> {
  await page.getByRole("link", { name: "Choose a game" }).click();
  await page.getByRole("link", { name: "Tiny" }).waitFor();
  await look("catalogue");
  await page.getByRole("link", { name: "Tiny" }).click();
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByText("Give it a name").waitFor();
  await look("create");
  // What only the control plane refuses stands next to its field as well.
  await page.route("**/api/v1/servers", (route) =>
    route.continue({ postData: { name, game: "tiny", variables: { GREETING: "far too long for a greeting" } } }),
  );
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByText(/must be at most 20 characters/).waitFor();
  await page.unroute("**/api/v1/servers");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await state(page, "Running").waitFor({ timeout: 120_000 });
  await look("running");
}

test("an admin goes from the printed link to a server that a player's packet wakes", async (t) => {
  t.timeout(400_000);
  const house = await startHouse(t, { isNew: true });
  const eyes = await openEyes(t);
  const { page, look } = eyes;

  await setUp(eyes, house);
  await signOutAndIn(eyes);
  await createWithFaults(eyes);
  const timeline = page.getByRole("region", { name: "Events" });
  await timeline.getByText("Started to prove that it runs").waitFor();

  await page.getByRole("button", { name: "Sleep" }).click();
  await state(page, "Asleep").waitFor({ timeout: 60_000 });
  await timeline.getByText("Asleep, sent to sleep by hand").waitFor();
  await look("asleep");

  t.is(await echo(await portOf(page), "hello"), "hello");
  await state(page, "Running").waitFor({ timeout: 60_000 });
  await timeline.getByText(/^Woken by a player \(127\.1\.\d+\.\d+\)$/).waitFor();

  await page.getByRole("link", { name: "Servers", exact: true }).first().click();
  await page.getByRole("button", { name: `Sleep ${name}` }).waitFor();
  await look("servers");
  await page.getByRole("link", { name: "Games" }).first().click();
  await page.getByText(/broken\/game\.yaml$/).waitFor();
  await page.getByText("line 7").waitFor();
  await look("games");
  await page.getByRole("link", { name: "Nodes" }).first().click();
  await page.getByText("Connected").waitFor();
  await look("nodes");
  await page.getByRole("button", { name: "Add a node" }).click();
  await page.getByText(/PLAYSPAWN_JOIN_TOKEN=/).waitFor();
  await look("add-node");
  t.deepEqual(eyes.faults(), []);
});

test("a server is renamed, turned off and on, woken by keyboard, survives the control plane's death on the page, goes into the trash and back, and is deleted for good by name", async (t) => {
  t.timeout(400_000);
  const house = await startHouse(t);
  const eyes = await openEyes(t);
  const { page, look } = eyes;
  await signIn(eyes, house);
  await create(page, name);
  await state(page, "Running").waitFor({ timeout: 120_000 });

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Morning echo");
  await page.getByRole("form", { name: "General" }).getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Morning echo", level: 1 }).waitFor();
  const runs = page.getByRole("form", { name: "When it runs" });
  await runs.getByLabel("Sleep when empty for").selectOption("never");
  await runs.getByRole("button", { name: "Save" }).click();
  await page.getByText("It never sleeps by itself.").waitFor();
  await look("settings");

  await runs.getByLabel("Off").check();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  await runs.getByRole("button", { name: "Save" }).click();
  await state(page, "Off").waitFor({ timeout: 60_000 });
  await look("off");
  await page.getByRole("button", { name: "Turn on" }).click();
  await state(page, "Asleep").waitFor({ timeout: 60_000 });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("wake morning");
  await look("palette");
  await page.keyboard.press("Enter");
  await state(page, "Running").waitFor({ timeout: 60_000 });

  await house.killControl();
  await page.getByText("Reconnecting.").waitFor();
  await look("reconnecting");
  await house.startControl();
  await page.getByText("Reconnecting.").waitFor({ state: "detached", timeout: 60_000 });
  await state(page, "Running").waitFor();

  const toTrash = page.getByRole("button", { name: "Move to trash" });
  await toTrash.click();
  await page.getByRole("heading", { name: "No servers yet" }).waitFor({ timeout: 60_000 });
  await look("trashed");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Morning echo" }).click();
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Evening echo");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Evening echo", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Star Evening echo" }).click();
  await page.getByRole("button", { name: "Unstar Evening echo" }).waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await toTrash.waitFor();
  t.is(await page.getByRole("button", { name: "Transfer…" }).count(), 0, "nobody else is here to get it");
  await toTrash.click();
  await page.getByRole("link", { name: /^Trash/ }).click();
  await page.getByText("30 days left.").waitFor();
  await look("trash");
  await page.getByRole("button", { name: "Delete Evening echo for good" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "Delete for good" });
  t.true(await confirm.isDisabled());
  await look("delete");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("button", { name: "Empty the trash" }).click();
  await page.getByRole("heading", { name: "Delete 1 server for good?" }).waitFor();
  await look("empty-trash");
  await dialog.getByLabel("Type 1 server to confirm").fill("1 server");
  await confirm.click();
  await page.getByRole("heading", { name: "The trash is empty" }).waitFor({ timeout: 60_000 });
  t.deepEqual(eyes.faults(), []);
});

/** Two people play, as the API would say of a game that can be asked. */
async function withPlayers(page: Page, then: () => Promise<void>): Promise<void> {
  const oneServer = /\/api\/v1\/servers\/srv_[^/]+$/;
  await page.route(oneServer, async (route) => {
    const response = await route.fetch();
    const server = (await response.json()) as Record<string, unknown>;
    await route.fulfill({ response, json: { ...server, players: { online: 2, max: 8 }, version: 1e9 } });
  });
  await page.reload();
  await then();
  await page.unroute(oneServer);
  await page.reload();
}

/** How far the log's end is out of sight, in px. */
const belowLog = (page: Page): Promise<number> =>
  page
    .getByRole("region", { name: "Log lines" })
    .evaluate((box) => box.scrollHeight - box.clientHeight - Math.ceil(box.scrollTop));

async function longLog(page: Page): Promise<void> {
  const lines = Array.from(
    { length: 400 },
    (_, i) => `[server] line ${i}, ${"long enough to wrap on a phone ".repeat(i % 5)}`,
  );
  const started = "── started 2026-01-02T03:04:05.678Z ──";
  const phone = { width: 390, height: 844 };
  await page.setViewportSize(phone);
  await page.route("**/logs?*", (route) => route.fulfill({ body: [started, ...lines, "the end"].join("\n") + "\n" }));
  await page.reload();
  await page.getByText("the end").waitFor();
  const box = page.getByRole("region", { name: "Log lines" });
  await box.getByText(/^Started \d\d:\d\d:\d\d$/).waitFor();
  await page.waitForFunction((element) => element!.scrollTop > 1000, await box.elementHandle());
}

test("a page left open tells of players before it throws them out, follows the log on a phone, keeps secrets, and sees that its server was deleted", async (t) => {
  t.timeout(400_000);
  const house = await startHouse(t);
  const eyes = await openEyes(t);
  const { page, look } = eyes;
  await signIn(eyes, house);
  await create(page, name);
  await state(page, "Running").waitFor({ timeout: 120_000 });

  await withPlayers(page, async () => {
    const sleep = page.getByRole("button", { name: "Sleep" });
    await sleep.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: `Put to sleep ${name}?` });
    await dialog.getByText("2 people are playing. They will be disconnected.").waitFor();
    await look("players");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    t.true(await sleep.evaluate((button) => button.matches(":focus")), "the focus is where it was");
  });
  await state(page, "Running").waitFor();

  await longLog(page);
  t.true((await belowLog(page)) <= 1);
  await page.setViewportSize({ width: 844, height: 390 });
  await page.waitForFunction("innerWidth === 844");
  t.true((await belowLog(page)) <= 1, "after the phone is turned");
  await page.unroute("**/logs?*");
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.goto(`${house.url}/servers/new/locked`);
  await page.getByLabel("Name", { exact: true }).fill("Cellar");
  const word = page.getByRole("textbox", { name: "Word" });
  await word.fill("two words");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByText(/without spaces/).waitFor();
  await word.fill("sesame");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByRole("heading", { name: "Cellar", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  const form = page.getByRole("form", { name: "Locked settings" });
  t.is(await word.inputValue(), "", "no mask that could be typed onto");
  await form.getByRole("button", { name: "Remove: Word" }).click();
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByPlaceholder("Not set").waitFor();
  await word.fill("mellon");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByPlaceholder("Set. Type to replace it.").waitFor();
  await look("secret");

  const id = new URL(page.url()).pathname.split("/")[2]!;
  const other = await page.context().newPage();
  await other.goto(house.url);
  t.is(
    await other.evaluate(
      (one) => fetch(`/api/v1/servers/${one}?purge=true`, { method: "DELETE" }).then((r) => r.status),
      id,
    ),
    202,
  );
  await page.getByRole("heading", { name: "Cellar was deleted" }).waitFor({ timeout: 60_000 });
  await look("deleted");
  await page.getByRole("link", { name: "To the servers", exact: true }).click();
  await page.getByRole("heading", { name: "Servers", level: 1 }).waitFor();
  t.deepEqual(eyes.faults(), []);
});

test("a link that opens nothing explains itself, and the dashboard stays shut until set-up", async (t) => {
  t.timeout(200_000);
  const house = await startHouse(t, { isNew: true });
  const eyes = await openEyes(t);
  const { page } = eyes;
  t.is((await page.goto(house.url))!.status(), 403);
  await eyes.visit(house.setupUrl.replace(/#t=.*/, "#t=wrong"));
  await makeAccount(page);
  await page.getByRole("heading", { name: "This link is not known here" }).waitFor();
  await eyes.look("unknown-link");
  await eyes.visit(house.setupUrl);
  await makeAccount(page);
  await page.getByRole("heading", { name: "No servers yet" }).waitFor();
  await eyes.visit(house.setupUrl);
  t.is(new URL(page.url()).pathname, "/");
  t.is(new URL(page.url()).hash, "", "no spent token is left in the address");
  t.deepEqual(eyes.faults(), []);
});
