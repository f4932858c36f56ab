/** The guest that `./scripts/vm test` has brought up. */
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import { enterGuest, type Guest } from "../../scripts/guest/guest.ts";
import { repository } from "../../scripts/lib/paths.ts";

export async function guestOf(t: ExecutionContext): Promise<Guest> {
  const folder = process.env["PLAYSPAWN_VM_FOLDER"];
  if (!folder) throw new Error("These tests need a guest. Run: sudo ./scripts/vm test");
  const guest = await enterGuest({ folder, repository }, systemPorts);
  t.teardown(() => guest.leave());
  return guest;
}

/** @throws Error with what it printed when it ends with another code than 0 */
export async function succeed(guest: Guest, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await guest.run(program, args);
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}
