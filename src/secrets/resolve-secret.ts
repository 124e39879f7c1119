import { BottleError } from "../base/errors.ts";
import type { Run } from "../base/process.ts";
import { SecretValue } from "../base/secret-value.ts";
import type { SecretRef } from "../manifest/bottle.ts";
import { readSecretFile } from "./read-secret-file.ts";

/** A reference as a manifest has it, or a question to the operator. */
export type SecretSource = SecretRef | { readonly kind: "prompt"; readonly question: string };

/** What resolving needs. */
export type SecretNeeds = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a command runs: in the folder that is about to be copied, programs would read what was prepared for them */
  readonly userHome: string;
  readonly run: Run;
  /** Asks without echo; undefined when nobody can be asked */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly signal?: AbortSignal;
};

/** A secret that was found, and what the operator should know about where. */
export type ResolvedSecret = { readonly value: SecretValue; readonly warnings: readonly string[] };

const MAX_BYTES = 64 * 1024;
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * Resolves a reference to its value, as late as possible and once. Throws `secret/missing`, which names the variable, the
 * file or the command, never a value or anything that a command printed.
 */
export async function resolveSecret(name: string, source: SecretSource, needs: SecretNeeds): Promise<ResolvedSecret> {
  switch (source.kind) {
    case "env":
      return found(name, needs.env[source.variable], `the variable ${source.variable}`, `export ${source.variable}=…`);
    case "file": {
      const { bytes, warnings } = await readSecretFile(source.path, MAX_BYTES);
      const text = bytes?.toString("utf8");
      return { ...found(name, text, `the file ${source.path}`, `write the secret to ${source.path}`), warnings };
    }
    case "command":
      return resolveCommand(name, source.argv, needs);
    case "prompt": {
      if (needs.ask === undefined) throw missing(name, `an answer to “${source.question}”`, "start it from a terminal");
      return found(name, await needs.ask(source.question), `an answer to “${source.question}”`, "type the secret");
    }
  }
}

async function resolveCommand(name: string, argv: readonly string[], needs: SecretNeeds): Promise<ResolvedSecret> {
  const [program, ...rest] = argv;
  if (program === undefined) throw missing(name, "a command that prints it", "name the program in `command`");
  const what = `the output of ${program}`;
  const hint = `run it yourself and see that it prints the secret: ${program}`;
  try {
    const finished = await needs.run([program, ...rest], {
      env: needs.env,
      cwd: needs.userHome,
      timeoutMs: COMMAND_TIMEOUT_MS,
      maxOutputBytes: MAX_BYTES,
      ...(needs.signal === undefined ? {} : { signal: needs.signal }),
    });
    const { exit, stdout } = finished;
    const good = exit.kind === "code" && exit.code === 0;
    return found(name, good ? stdout.toString("utf8") : undefined, what, hint);
  } catch (error) {
    // the message of a failed run may hold arguments, and arguments may hold secrets
    if (error instanceof BottleError && error.code !== "secret/missing")
      throw missing(name, `${what} (${error.code})`, hint);
    throw error;
  }
}

function found(name: string, text: string | undefined, what: string, hint: string): ResolvedSecret {
  const value = text?.replace(/\r?\n$/, "");
  if (value === undefined || value === "") throw missing(name, what, hint);
  if (Buffer.byteLength(value) > MAX_BYTES) throw tooLarge(name, what);
  return { value: new SecretValue(name, value), warnings: [] };
}

function missing(name: string, what: string, hint: string): BottleError {
  return new BottleError("secret/missing", `${name}: ${what} is missing or empty`, { hint });
}

function tooLarge(name: string, what: string): BottleError {
  return new BottleError("secret/missing", `${name}: ${what} is too large to be a secret`, {
    hint: "name a smaller one",
  });
}
