import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { EXIT_CODES } from "./exit-codes.ts";

/** An expected failure that the operator can act on: one line, a hint, an exit code, no stack. */
export class BottleError extends Error {
  /** Row of the page of errors */
  readonly code: ErrorCode;
  /** What to type or change next, if anything can be done */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BottleError";
    this.code = code;
    this.hint = options.hint;
  }

  /** Exit code that the table of errors assigns to this failure. */
  get exit(): number {
    return EXIT_CODES[ERROR_CODES[this.code].exit].code;
  }
}

/** The `code` property of a system error (`ENOENT`, `EACCES` …), if the value is one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof BottleError || !("code" in error)) return undefined;
  // `ERR_…` are Node's own complaints about how it was called: bugs, not circumstances
  return typeof error.code === "string" && !error.code.startsWith("ERR_") ? error.code : undefined;
}
