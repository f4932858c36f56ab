/**
 * nftables in this process, by libnftables: what takes the program `nft` 6 to 35 ms takes 0.6 here, and a wake waits for
 * it. Commands are those of `man 8 nft`.
 */
import { remembered } from "../lib/remembered.ts";
import { foreign } from "./foreign.ts";

/** Runs commands as one transaction and answers what they print. @throws Error with nft's words */
export type Nft = (commands: string) => string;

interface LibNftables {
  nft_ctx_new(flags: number): unknown;
  nft_ctx_buffer_output(context: unknown): number;
  nft_ctx_buffer_error(context: unknown): number;
  nft_run_cmd_from_buffer(context: unknown, commands: string): number;
  nft_ctx_get_output_buffer(context: unknown): string;
  nft_ctx_get_error_buffer(context: unknown): string;
}

const names = ["libnftables.so.1"];

async function open(): Promise<Nft> {
  const lib = await functions().catch((cause: unknown) => {
    throw new Error("nftables is missing. Install the package nftables.", { cause });
  });
  const context = lib.nft_ctx_new(0);
  lib.nft_ctx_buffer_output(context);
  lib.nft_ctx_buffer_error(context);
  return (commands) => {
    const failed = lib.nft_run_cmd_from_buffer(context, commands) !== 0;
    const [said, faults] = [lib.nft_ctx_get_output_buffer(context), lib.nft_ctx_get_error_buffer(context)];
    if (!failed) return said;
    const [first = ""] = faults.trim().split("\n");
    throw new Error(`nft failed: ${first.slice(0, 300) || "it does not say why"}.`);
  };
}

const opened = remembered(open);

/** One for the whole process. @throws Error that says which package is missing */
export const nftables = (): Promise<Nft> => opened.get();

async function functions(): Promise<LibNftables> {
  const lib = (await foreign()).library(names);
  return {
    nft_ctx_new: lib.func("void *nft_ctx_new(uint32_t flags)"),
    nft_ctx_buffer_output: lib.func("int nft_ctx_buffer_output(void *context)"),
    nft_ctx_buffer_error: lib.func("int nft_ctx_buffer_error(void *context)"),
    nft_run_cmd_from_buffer: lib.func("int nft_run_cmd_from_buffer(void *context, const char *commands)"),
    nft_ctx_get_output_buffer: lib.func("const char *nft_ctx_get_output_buffer(void *context)"),
    nft_ctx_get_error_buffer: lib.func("const char *nft_ctx_get_error_buffer(void *context)"),
  };
}
