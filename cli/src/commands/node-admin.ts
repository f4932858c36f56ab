/** node add, revoke: machines that this Playspawn dials, and those that it shuts out. */
import { listNodes } from "../api/pages.ts";
import type { Context } from "../context.ts";
import { usageFailure } from "../failure.ts";
import { agreeByName, askSecret } from "../output/ask.ts";
import { pick } from "../pick.ts";
import { readSecret } from "../session/secret.ts";

interface AddOptions {
  name?: string;
  secretFile?: string;
}

/** Added again with the same address, it gets that name and secret. */
export async function add(context: Context, [url = ""]: string[], options: AddOptions): Promise<void> {
  if (!URL.canParse(url))
    throw usageFailure(`${url} is not an address.`, "Write it like https://node1.example.org:8001");
  const name = options.name ?? new URL(url).hostname;
  const secret =
    options.secretFile === undefined
      ? await askSecret(context, { message: "Its secret", option: "--secret-file" })
      : await readSecret(options.secretFile, context.io.stdin);
  const node = await (await context.api()).call("post", "/api/v1/nodes", { body: { name, url, secret } });
  context.answer(node, () => `${node.id}\n`);
  context.say(`${node.name} was added. See how it is: playspawn node show ${node.id}`);
}

export async function revoke(
  context: Context,
  [name = ""]: string[],
  { confirm: confirmed }: { confirm?: string },
): Promise<void> {
  const api = await context.api();
  const node = pick("node", name, await listNodes(api));
  const message = `${node.name} will be shut out, and its servers can no longer be reached from here.`;
  await agreeByName(context, { message, name: node.name, confirmed });
  await api.call("post", "/api/v1/nodes/{id}/revoke", { path: { id: node.id } });
  context.answer({ id: node.id }, () => "");
  context.say(`${node.name} is shut out. Its machine can join anew, as another node.`);
}
