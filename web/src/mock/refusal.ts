import type { ErrorCode, Fault } from "@playspawn/shared/domain/errors.ts";

/** An answer that says no. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly faults: Fault[];
  constructor(code: ErrorCode, detail: string, faults: Fault[] = []) {
    super(detail);
    this.code = code;
    this.faults = faults;
  }
}
