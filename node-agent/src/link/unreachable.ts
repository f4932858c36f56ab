/** One sentence for a control plane that does not answer. */
import { messageOf } from "@playspawn/shared";

/** Errors of several addresses have a code and no message. */
const reasonOf = (error: unknown): string =>
  messageOf(error) || ((error as NodeJS.ErrnoException | undefined)?.code ?? "no reason given");

export const unreachable = (controlUrl: string, error: unknown): string =>
  `${controlUrl} cannot be reached (${reasonOf(error)}): is it up, and does this machine reach it? Tried again.`;
