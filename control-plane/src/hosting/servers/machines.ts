/** Which machines a game runs on. Pure. */
import type { Capabilities, Game } from "@playspawn/shared";
import type { z } from "zod";

/** @param capabilities JSON of `Capabilities` @returns e.g. `arm64`; undefined where the node does not say it */
export function archOf(capabilities: string): string | undefined {
  const { arch } = JSON.parse(capabilities) as z.infer<typeof Capabilities>;
  return typeof arch === "string" ? arch : undefined;
}

/** A node that does not say what it is may be any. */
export const runsOn = ({ arch }: Pick<Game, "arch">, machine: string | undefined): boolean =>
  arch === undefined || machine === undefined || arch.some((name) => name === machine);

/** `amd64 and arm64 only` */
export const archWords = ({ arch = [] }: Pick<Game, "arch">): string => `${arch.join(" and ")} only`;
