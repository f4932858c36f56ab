/** Ends a command with a sentence for the person at the terminal: what happened, and what to do. */

/** Exit codes as in sysexits.h; 130 after an interrupt. */
export type ExitCode = 1 | 64 | 69 | 73 | 77 | 78 | 130;

export class Halt extends Error {
  override readonly name = "Halt";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.exitCode = exitCode;
  }
}
