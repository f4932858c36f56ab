/** doctor: the one of the installation on this machine, as `npm run doctor` runs it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

const launcher = fileURLToPath(new URL("../../../scripts/launch", import.meta.url));

export async function doctor({ settings }: Context, _args: string[], { wait }: { wait?: string }): Promise<void> {
  const args = ["doctor", ...(settings.json ? ["--json"] : []), ...(wait === undefined ? [] : ["--wait", wait])];
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(launcher, args, { stdio: "inherit" });
    child.once("error", (cause) =>
      reject(new Failure(exits.failure, `${launcher} does not start: ${cause.message}.`, { cause })),
    );
    child.once("exit", (status) => resolve(status ?? exits.failure));
  });
  // It said itself what is not well; 64 is what scripts answer to a wrong option.
  if (code !== 0) throw new Failure(code === 64 ? exits.usage : exits.failure, "");
}
