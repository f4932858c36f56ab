/**
 * Public ports for the nodes of tests: above the default range of an installation that may run here, below the ports of
 * outgoing connections. Test files that run at the same time have a stretch each.
 */
import { createServer } from "node:net";

const first = 30_000;
const stretches = 4;
const stretchSize = 690;

const begin = first + (await takeStretch()) * stretchSize;
let used = 0;

/** E.g. `30000-30099`. Ports come round again; by then the stacks that had them are gone. */
export function nextRange(size: number): string {
  if (used + size > stretchSize) used = 0;
  const from = begin + used;
  used += size;
  return `${from}-${from + size - 1}`;
}

/** A name in the kernel that this file's worker holds until it ends. @throws Error when all are held */
async function takeStretch(): Promise<number> {
  for (let stretch = 0; stretch < stretches; stretch++) {
    const server = createServer().unref();
    const taken = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(`\0playspawn-test-ports-${stretch}`, () => resolve(true));
    });
    if (taken) return stretch;
  }
  throw new Error(`Tests of ${stretches} files run already; wait for one of them.`);
}
