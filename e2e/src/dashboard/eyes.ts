/** A real browser that looks at each page in both themes, on a desk and on a phone, and writes down what is wrong. */
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type Page, chromium } from "playwright-core";

export interface Eyes {
  page: Page;
  /** Goes there and waits until the page has a heading. */
  visit(url: string): Promise<void>;
  /** A picture per theme and size, and axe in two of them; the page must be where it should be. */
  look(name: string): Promise<void>;
  /** Everything that was wrong, as sentences. */
  faults(): string[];
}

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** Each theme and each size is inspected once; pictures are there of all. */
const views = [
  { name: "desktop-dark", size: desk, colorScheme: "dark", isInspected: true },
  { name: "desktop-light", size: desk, colorScheme: "light", isInspected: false },
  { name: "phone-dark", size: phone, colorScheme: "dark", isInspected: false },
  { name: "phone-light", size: phone, colorScheme: "light", isInspected: true },
] as const;

/** What a browser calls an error and a test provokes. */
const expected = [
  // Refusals of the API are told on the page.
  /status of [45]\d\d \([^)]*\) \S+\/api\/v1\//,
  // Before set-up the dashboard is shut.
  /status of 403 \([^)]*\) http:\/\/[^/]+\/$/,
  // The control plane is killed, or an interface of the machine comes or goes while containers start.
  /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|NETWORK_CHANGED)/,
];

const axeSource = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** Left for people to look at; not part of the repository. */
export const picturesDir = join(tmpdir(), "playspawn-dashboard-pictures");

export async function openEyes(t: ExecutionContext): Promise<Eyes> {
  const axe = await readFile(axeSource, "utf8");
  await mkdir(picturesDir, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env["CHROME_PATH"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  t.teardown(() => browser.close());
  // Still pictures: what moves is measured half-way otherwise.
  const context = await browser.newContext({ viewport: desk, reducedMotion: "reduce" });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`an error on ${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const { url } = message.location();
    const text = `${message.text()} ${url}`;
    if (message.type() === "error" && !expected.some((each) => each.test(text))) faults.push(`the console: ${text}`);
  });
  return {
    page,
    visit: (url) => visit(page, url),
    faults: () => faults,
    async look(name) {
      for (const view of views) {
        await page.setViewportSize(view.size);
        await page.emulateMedia({ colorScheme: view.colorScheme, reducedMotion: "reduce" });
        // Not through a script element, which the page's policy rightly refuses.
        if (view.isInspected) await page.evaluate(axe);
        const found = view.isInspected ? await inspect(page) : [];
        faults.push(...found.map((fault) => `${name} ${view.name}: ${fault}`));
        await page.screenshot({ path: join(picturesDir, `${name}-${view.name}.png`) });
      }
      await page.setViewportSize(desk);
    },
  };
}

const visitsMax = 4;
const headingMs = 8_000;

/**
 * Chromium gives up whatever it loads when an interface of the machine comes or goes, as they do while containers
 * start: then a person reloads, and so does this.
 */
async function visit(page: Page, url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await page.goto(url);
      await page.getByRole("heading", { level: 1 }).waitFor({ timeout: headingMs });
      return;
    } catch (error) {
      if (attempt === visitsMax) throw error;
      await page.goto("about:blank").catch(() => {});
    }
  }
}

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[]; any: { message: string }[] }[];
}

async function inspect(page: Page): Promise<string[]> {
  const violations = await page.evaluate<Violation[]>("axe.run(document).then((result) => result.violations)");
  const found = violations.map(
    ({ id, impact, nodes }) => `${impact} ${id} at ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
  const over = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
  return over > 0 ? [...found, `wider than the screen by ${over} px`] : found;
}
