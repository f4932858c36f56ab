/** What people typed into the dashboard stays, and stays where they typed it. */
import test from "ava";
import type { Locator, Page } from "playwright-core";
import { type Eyes, openEyes } from "./dashboard/eyes.ts";
import { type House, startHouse } from "./dashboard/house.ts";
import { create, signIn, state } from "./dashboard/people.ts";

const slow = { timeout: 120_000 };

/** By Ctrl+K, which leaves everything else on the page alone. */
async function goTo(page: Page, name: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.keyboard.type(name);
  await page.getByRole("option", { name }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

const notesOf = (page: Page): Locator => page.getByRole("form", { name: "Notes" }).getByRole("textbox");

/** Until they are there, or the next way from here would be taken before this one. */
async function openSettings(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings" }).click();
  await notesOf(page).waitFor();
}

async function oneServerIsNotTheOther({ page }: Eyes): Promise<string> {
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Another name");
  await goTo(page, "Alpha");
  const isOpen = await page.getByRole("textbox", { name: "Name" }).count();
  if (isOpen > 0) return "the field of one server's name is open on another";
  await openSettings(page);
  await goTo(page, "Beta");
  await openSettings(page);
  await notesOf(page).fill("Only of Beta");
  await page.goBack();
  await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "Alpha", level: 1 }).waitFor();
  return await notesOf(page).inputValue();
}

/** The page is looked at again a minute later, and what it then reads fails. */
async function readInVain(page: Page, path: string): Promise<void> {
  await page.route(path, (route) => route.fulfill({ status: 400, json: { title: "No", detail: "No." } }));
  await page.clock.setFixedTime(await page.evaluate("Date.now() + 60_000"));
  const refused = page.waitForResponse(path);
  await page.evaluate('document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))');
  await refused;
  await page.unroute(path);
}

async function typedIdleTime({ page, look }: Eyes): Promise<string> {
  await page.getByLabel("Sleep when empty for").selectOption({ label: "Another time…" });
  await page.getByLabel("Minutes").fill("");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByText("From 1 to 43,200, which is 30 days.").waitFor();
  await look("idle-typed");
  await page.getByLabel("Minutes").fill("45");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByRole("heading", { name: "Half typed", level: 1 }).waitFor();
  await openSettings(page);
  return await page.getByLabel("Sleep when empty for").inputValue();
}

async function templateOverReconnect({ page }: Eyes, house: House): Promise<string> {
  await page.goto(`${house.url}/games/tiny/template`);
  const field = page.getByLabel("game.yaml");
  await field.fill("id: tiny\n# not saved yet\n");
  await house.killControl();
  await page.getByText("Reconnecting.").waitFor(slow);
  await house.startControl();
  const answered = page.waitForResponse("**/api/v1/nodes?*", slow);
  await page.getByText("Reconnecting.").waitFor({ state: "detached", ...slow });
  await answered;
  // What the page itself asked for at the reconnect is answered before this.
  await page.evaluate("fetch('/api/v1/games/tiny/source').then((answer) => answer.text())");
  const text = await field.inputValue();
  await page.getByRole("button", { name: "Take back" }).click();
  return text;
}

async function signOutInVain({ page }: Eyes): Promise<void> {
  const path = "**/auth/logout";
  const away = { title: "Not ready", detail: "Playspawn is starting." };
  await page.route(path, (route) => route.fulfill({ status: 503, json: away }));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are still signed in. Playspawn is starting.").waitFor();
  await page.getByRole("heading", { name: "Tiny", level: 1 }).waitFor();
  await page.unroute(path);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

test("what was typed stays: over a reconnect, a failed reading and a failed sign-out, and away from the next server's page", async (t) => {
  t.timeout(300_000);
  const house = await startHouse(t);
  const eyes = await openEyes(t);
  const { page } = eyes;
  await signIn(eyes, house);
  await create(page, "Alpha");
  await create(page, "Beta");
  t.is(await oneServerIsNotTheOther(eyes), "");

  await page.goto(`${house.url}/servers/new/tiny`);
  await page.getByLabel("Name", { exact: true }).fill("Half typed");
  await readInVain(page, "**/api/v1/games");
  t.is(await page.getByLabel("Name", { exact: true }).inputValue(), "Half typed");
  t.is(await typedIdleTime(eyes), "2700");
  await state(page, "Running").waitFor(slow);

  t.regex(await templateOverReconnect(eyes, house), /not saved yet/);
  await signOutInVain(eyes);
  t.deepEqual(eyes.faults(), []);
});
