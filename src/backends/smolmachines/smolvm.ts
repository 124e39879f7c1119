import { BottleError } from "../../base/errors.ts";
import type { Finished, Run, RunOptions } from "../../base/process.ts";

/** The `smolvm` command of this machine. */
export type Smolvm = {
  /** `smolvm`, or what `BOTTLE_SMOLVM` names */
  readonly command: string;
  /** The operator's variables without those that would change what a machine may reach */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs the command to its end; a bad exit is a value. */
  run(args: readonly string[], options?: Pick<RunOptions, "signal" | "timeoutMs">): Promise<Finished>;
};

/** The `smolvm` that the operator's environment names. */
export function openSmolvm(operator: Readonly<Record<string, string | undefined>>, run: Run): Smolvm {
  const named = operator["BOTTLE_SMOLVM"];
  const command = named === undefined || named === "" ? "smolvm" : named;
  const env = Object.fromEntries(Object.entries(operator).filter(([name]) => !isSteering(name)));
  return { command, env, run: (args, options = {}) => run([command, ...args], { ...options, env, cwd: "/" }) };
}

/** Its own variables loosen what a machine reaches, or change what it prints; only where its data lies is the operator's choice. */
function isSteering(name: string): boolean {
  return (name.startsWith("SMOLVM_") && name !== "SMOLVM_DATA_DIR") || name === "RUST_LOG";
}

/** Runs it and gives back what it printed. Throws `backend/smolvm-failed` with its own words. */
export async function mustRun(
  smolvm: Smolvm,
  what: string,
  args: readonly string[],
  options?: Pick<RunOptions, "signal" | "timeoutMs">,
): Promise<string> {
  const { exit, stdout, stderr } = await smolvm.run(args, options);
  if (exit.kind === "code" && exit.code === 0) return stdout.toString("utf8");
  throw smolvmFailure(what, stderr);
}

/** An error in its own words, without the warnings that it also prints. */
export function smolvmFailure(what: string, stderr: string): BottleError {
  const words = errorWords(stderr) || "it ended without a word";
  return new BottleError("backend/smolvm-failed", `${what}: ${words}`, {
    hint: explainWords(words) ?? "`bottle doctor` checks smolvm",
  });
}

/** Its error: from the line that begins so to the end. Everything else on standard error is progress and warnings. */
export function errorWords(stderr: string): string {
  const [, words] = /(?:^|\n)(?:Error|error): ([\s\S]*)$/.exec(stderr) ?? [];
  return (words ?? "").trim();
}

/** The change that mends what it complains of; undefined for what only its words explain. */
export function explainWords(words: string): string | undefined {
  if (/kvm permission denied|cannot access \/dev\/kvm/i.test(words)) {
    return "sudo usermod -aG kvm $USER, then log in again";
  }
  if (/kvm not available/i.test(words))
    return "sudo modprobe kvm_intel (or kvm_amd); in a virtual machine, allow nesting";
  if (/did not become ready/i.test(words)) return "this machine cannot run virtual machines: use --backend docker";
  if (/no space left on device/i.test(words)) return "make room: bottle image prune, and docker system df";
  if (/manifest\.json not found in tar/i.test(words))
    return "update smolvm: 1.14.0 and 1.14.1 cannot read some archives";
  return undefined;
}
