/** Templates in the dashboard: found, tested, edited, added, disabled and deleted, in a real Chromium on the real engine. */
import test from "ava";
import type { Page } from "playwright-core";
import { type Eyes, openEyes } from "./dashboard/eyes.ts";
import { startHouse } from "./dashboard/house.ts";
import { signIn } from "./dashboard/people.ts";

const toGames = (page: Page): Promise<void> => page.getByRole("link", { name: "Games", exact: true }).first().click();

async function findAndTest({ page, look }: Eyes): Promise<void> {
  await toGames(page);
  await page.getByRole("link", { name: "Teeworlds" }).waitFor();
  await look("games-list");
  await page.getByRole("button", { name: /^Untried/ }).click();
  await page.getByRole("link", { name: "Teeworlds" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^All/ }).click();
  await page.getByLabel("Search games").fill("answers sent");
  await page.getByRole("link", { name: "Tiny" }).click();
  await page.getByRole("heading", { name: "Tiny", level: 1 }).waitFor();
  await look("game-untried");
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByRole("button", { name: "Start the test" }).click();
  await page.getByRole("button", { name: "Call it off" }).waitFor();
  await look("game-testing");
  const panel = page.getByRole("region", { name: "Test" });
  await panel.getByText("Passed", { exact: true }).waitFor({ timeout: 60_000 });
  await panel.getByText("game 7000/tcp is bound").waitFor();
  await look("game-passed");
}

/** Beside the template: one is written, one comes from the disk, one path is refused; all of it is there after a reload. */
async function files({ page, look }: Pick<Eyes, "page" | "look">): Promise<void> {
  const beside = page.getByRole("region", { name: "Files beside it" });
  const logo = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>');
  await beside.getByLabel("Upload files").setInputFiles({ name: "logo.svg", mimeType: "image/svg+xml", buffer: logo });
  await beside.getByRole("button", { name: "New text file" }).click();
  await beside.getByLabel("Path").fill("../motd.txt");
  await beside.getByLabel("Text of ../motd.txt").fill("Welcome.");
  await page.getByRole("button", { name: "Save" }).click();
  await beside.getByText(/^\.\.\/motd\.txt: must be a path inside the game's folder/).waitFor();
  await look("template-files");
  await beside.getByLabel("Path").fill("texts/motd.txt");
  // The words of an earlier save may still stand there.
  const saved = page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.ok());
  await page.getByRole("button", { name: "Save" }).click();
  await saved;
  await page.reload();
  await beside.getByRole("button", { name: /^texts\/motd\.txt/ }).click();
  await beside.getByText("Welcome.").waitFor();
  await page.locator('img[src="/api/v1/games/tiny/logo"]').first().waitFor();
}

async function edit({ page, look }: Eyes): Promise<void> {
  await page.getByRole("link", { name: "Template" }).click();
  const field = page.getByLabel("game.yaml");
  const text = await field.inputValue();
  await field.fill(text.replace("memory: 32M", "memory: plenty"));
  const faults = page.getByRole("list", { name: "What is wrong" });
  await faults.getByText(/memory: must be a number followed by M or G/).waitFor();
  await look("template-faults");
  await page.getByRole("button", { name: "Save" }).click();
  await faults.getByText(/memory: must be/).waitFor();
  await field.fill(text.replace("name: Tiny", "name: Tiny echo"));
  await page.getByText("No faults.").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Tiny echo", level: 1 }).waitFor();
  await page.getByText("Our version", { exact: true }).waitFor();
  await look("template-own");
  await files({ page, look });
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("heading", { name: "It is disabled" }).waitFor();
  await page.getByRole("button", { name: "Offer it again" }).click();
  await page.getByRole("button", { name: "Delete my version" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete my version" }).click();
  await page.getByRole("heading", { name: "Tiny", level: 1, exact: true }).waitFor();
}

async function add({ page, look }: Eyes): Promise<void> {
  await toGames(page);
  await page.getByRole("link", { name: "Add a game" }).click();
  const field = page.getByLabel("game.yaml");
  await field.waitFor();
  await look("game-add");
  await page.getByLabel("Start from").selectOption("tiny");
  await page.getByRole("form", { name: "Copy of tiny" }).waitFor();
  const text = await field.inputValue();
  await field.fill(
    text
      .replace("name: Tiny", "name: Closed")
      .replace("variables:", "  rcon: { protocol: tcp, container: 7001, public: none }\nvariables:"),
  );
  await page.getByRole("button", { name: "Add the game" }).click();
  await page.getByRole("heading", { name: "Closed", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByRole("button", { name: "Start the test" }).click();
  const panel = page.getByRole("region", { name: "Test" });
  await panel.getByText("Failed", { exact: true }).waitFor({ timeout: 60_000 });
  await panel
    .getByText(/rcon 7001\/tcp/)
    .first()
    .waitFor();
  await look("game-failed");
  await page.getByRole("link", { name: "Template" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Games", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Closed" }).waitFor({ state: "detached" });
}

/** A game with a licence is neither tested nor made before somebody accepts it. */
async function licence({ page, look }: Eyes): Promise<void> {
  await toGames(page);
  await page.getByLabel("Search games").fill("bedrock");
  await page.getByRole("link", { name: "Minecraft Bedrock" }).click();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Start the test" }).click();
  await dialog.getByText("There is no server without this.").waitFor();
  await look("game-test-needs");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page
    .getByRole("link", { name: /^Servers/ })
    .first()
    .click();
  await page.getByRole("link", { name: "Choose a game" }).click();
  await page.getByLabel("Search games").fill("bedrock");
  await page.getByRole("link", { name: "Minecraft Bedrock" }).click();
  await page.getByLabel("Name", { exact: true }).fill("gd arena");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByText("There is no server without this.").waitFor();
  await look("create-needs");
}

test("an admin finds a game among many, tests it, changes it and takes that back, adds one whose test fails, and mends a broken one", async (t) => {
  t.timeout(300_000);
  const house = await startHouse(t);
  const eyes = await openEyes(t);
  const { page, look } = eyes;
  await signIn(eyes, house);
  await findAndTest(eyes);
  await edit(eyes);
  await add(eyes);
  await page.getByRole("link", { name: "Mend broken" }).click();
  await page
    .getByRole("list", { name: "What is wrong" })
    .getByText(/memory: must be/)
    .waitFor();
  await look("game-faulty");
  const field = page.getByLabel("game.yaml");
  await field.fill((await field.inputValue()).replace("memory: plenty", "memory: 32M"));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Broken", level: 1, exact: true }).waitFor();
  await page
    .getByRole("link", { name: /^Servers/ })
    .first()
    .click();
  await page.getByRole("link", { name: "Choose a game" }).click();
  await page.getByRole("heading", { name: "Known to work" }).waitFor();
  await look("catalogue-many");
  await licence(eyes);
  await page.goBack();
  await page.getByLabel("Search games").fill("valheim");
  await page.getByRole("link", { name: "Valheim" }).waitFor();
  t.deepEqual(eyes.faults(), []);
});
