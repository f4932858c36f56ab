/** open: pages of the dashboard. */
import { spawn } from "node:child_process";
import type { Context } from "../context.ts";
import { findServer } from "../servers/find.ts";

interface OpenOptions {
  print?: boolean;
}

export async function openDashboard(context: Context, _args: string[], options: OpenOptions): Promise<void> {
  await show(context, (await context.session()).url, options);
}

export async function openServer(context: Context, [name = ""]: string[], options: OpenOptions): Promise<void> {
  const api = await context.api();
  const { id } = await findServer(api, name);
  await show(context, `${api.url}/servers/${id}`, options);
}

async function show(context: Context, url: string, { print }: OpenOptions): Promise<void> {
  const { env, io, settings, say } = context;
  if (settings.json) return context.answer({ url }, () => "");
  const shown = !print && io.out.isTerminal && env.browser !== undefined && (await opened(env.browser, url));
  if (shown) say(`${url} is open in your browser.`);
  else context.print(`${url}\n`);
}

/** Whether the program could be started; it lives on without us. */
const opened = (browser: string, url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(browser, [url], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
