/** One sentence for a control plane that does not answer. */
import { messageOf } from "@playspawn/shared";

export const unreachable = (controlUrl: string, error: unknown): string =>
  `${controlUrl} cannot be reached (${messageOf(error)}): is it up, and does this machine reach it? Tried again.`;
