/** What most tests of the dashboard begin with, done as a person does it and not looked at. */
import type { Page } from "playwright-core";
import type { Eyes } from "./eyes.ts";
import { admin, type House } from "./house.ts";

export async function signIn({ page, visit }: Eyes, { url }: House): Promise<void> {
  await visit(url);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(admin.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No servers yet" }).waitFor();
}

/** Leads to the new server's page. */
export async function create(page: Page, name: string): Promise<void> {
  await page
    .getByRole("link", { name: /^Servers/ })
    .first()
    .click();
  await page
    .getByRole("link", { name: /^(Choose a game|New server)$/ })
    .first()
    .click();
  await page.getByRole("link", { name: "Tiny" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create server" }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

/** What the page of a server says of its state. */
export const state = (page: Page, word: string) =>
  page.getByRole("region", { name: "State" }).getByText(word, { exact: true });
