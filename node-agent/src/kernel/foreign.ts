/**
 * Functions of C libraries in this process, by koffi (docs/adr/0027): what Node has no words for, raw sockets, netlink and
 * nftables. Loaded when first asked for, because there may be no koffi for this processor.
 */
import { messageOf } from "@playspawn/shared";

/** What is used of it. */
interface Koffi {
  load(name: string | null): { func(declaration: string): unknown };
  errno(): number;
}

/** A shared library; `func` answers the function that a C declaration describes. */
export interface Library {
  func<T>(declaration: string): T;
}

export interface Foreign {
  /** The first of `names` that is there; null: this program itself, and so its libc. @throws Error that names them */
  library(names: readonly string[] | null): Library;
  /** `errno` of the call before. */
  errno(): number;
}

/** @throws Error when this machine has none */
export async function foreign(): Promise<Foreign> {
  const koffi = await import("koffi").then(
    (module) => module.default,
    (cause: unknown) => {
      throw new Error(`There is no koffi for this machine (${messageOf(cause)}).`, { cause });
    },
  );
  return { library: (names) => open(koffi, names), errno: () => koffi.errno() };
}

function open(koffi: Koffi, names: readonly string[] | null): Library {
  const library = names === null ? koffi.load(null) : firstOf(koffi, names);
  return { func: <T>(declaration: string) => library.func(declaration) as T };
}

function firstOf(koffi: Koffi, names: readonly string[]): ReturnType<Koffi["load"]> {
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {
      // The next name, then.
    }
  }
  throw new Error(`None of the libraries ${names.join(", ")} is on this machine.`);
}
