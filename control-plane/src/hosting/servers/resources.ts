/** Processor and memory of one server, within what its template asks for and what its node has. Pure. */
import { AppError, type Capacity, type Fault, type Game } from "@playspawn/shared";
import type { z } from "zod";

const cpuMin = 0.1;

export interface Resources {
  cpu?: number | null | undefined;
  memoryBytes?: number | null | undefined;
}

/** @param capacity of its node; null when that never connected @throws AppError invalid_request with the limit */
export function checkResources(
  { cpu, memoryBytes }: Resources,
  game: Game | undefined,
  capacity: z.infer<typeof Capacity> | null,
): void {
  const faults: Fault[] = [];
  const least = game?.memory ?? 0;
  if (typeof cpu === "number") {
    if (cpu < cpuMin) faults.push({ pointer: "/cpu", detail: `must be at least ${cpuMin}` });
    if (capacity && cpu > capacity.cpus)
      faults.push({ pointer: "/cpu", detail: `must be at most ${capacity.cpus}, which is what its node has` });
  }
  if (typeof memoryBytes === "number") {
    if (memoryBytes < least)
      faults.push({
        pointer: "/memoryBytes",
        detail: `must be at least ${mib(least)} MB, which is what ${game!.name} needs`,
      });
    if (capacity && memoryBytes > capacity.memoryBytes)
      faults.push({
        pointer: "/memoryBytes",
        detail: `must be at most ${mib(capacity.memoryBytes)} MB, which is what its node has`,
      });
  }
  if (faults.length === 0) return;
  const list = faults.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`).join("; ");
  throw new AppError("invalid_request", `These resources cannot be given: ${list}.`, { faults });
}

const mib = (bytes: number): number => Math.floor(bytes / 1024 ** 2);
