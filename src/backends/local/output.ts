import { constants } from "node:os";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { Exit } from "../../base/process.ts";

/** One report of bubblewrap on its status descriptor. */
export type Status =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "ended"; readonly code: number };

/** The report on one line; undefined for a line that is none, as newer versions may add some. */
export function parseStatus(line: string): Status | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if ("child-pid" in value && typeof value["child-pid"] === "number")
    return { kind: "started", pid: value["child-pid"] };
  if ("exit-code" in value && typeof value["exit-code"] === "number")
    return { kind: "ended", code: value["exit-code"] };
  return undefined;
}

const SIGNALS = Object.entries(constants.signals) as [NodeJS.Signals, number][];

/**
 * How a command ended, from the code that bubblewrap passes on. It reports 128 + N both for signal N and for a command that
 * chose that code; the two are told as the signal, which gives back the same code to whoever asks for one.
 */
export function parseExitCode(code: number): Exit {
  const signal = SIGNALS.find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { kind: "code", code } : { kind: "signal", signal };
}

/** Why a bottle did not start, in words for the operator. */
export type LaunchFailure = { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

type Explain = (match: RegExpExecArray) => Omit<LaunchFailure, "code"> & { readonly code?: ErrorCode };

const DOCTOR = "`bottle doctor` checks this machine and prints the command that mends it";

const EXPLANATIONS: readonly (readonly [RegExp, Explain])[] = [
  [
    /execvp (.*): No such file or directory/,
    ([, program = ""]) => ({
      code: "launch/command-not-found",
      message: `${program} is not in the bottle`,
      hint: "only the host's /usr and the folders of `tools` in config.yaml are visible inside",
    }),
  ],
  [
    /execvp (.*): Permission denied/,
    ([, program = ""]) => ({
      code: "launch/command-not-executable",
      message: `${program} cannot be executed in the bottle`,
      hint: "it is no program, or not readable for the bottle's own user: check its mode with ls -l",
    }),
  ],
  [
    /execvp (.*): (Exec format error|Argument list too long|.*)/,
    ([, program = "", why = ""]) => ({
      code: "launch/command-not-executable",
      message: `${program} cannot be executed in the bottle: ${why}`,
      hint: undefined,
    }),
  ],
  [
    /Can't chdir to (.*): /,
    ([, folder = ""]) => ({ message: `there is no folder ${folder} in the bottle`, hint: undefined }),
  ],
  [
    /Can't find source path (.*): Permission denied/,
    ([, path = ""]) => ({
      message: `${path} cannot be reached by the bottle's own user`,
      hint: `every folder above it must be enterable: namei -l ${path}`,
    }),
  ],
  [
    /Can't find source path (.*): No such file or directory/,
    ([, path = ""]) => ({
      message: `${path} does not exist on this machine`,
      hint: "if it is one of `tools` in config.yaml, remove it there",
    }),
  ],
  [
    /No permissions to create new namespace|Creating new namespace failed: Operation not permitted/,
    () => ({ message: "this machine does not allow new user namespaces", hint: DOCTOR }),
  ],
  [
    /max_\*_namespaces exceeded|ENOSPC|No space left on device.*namespace/,
    () => ({
      message: "this machine allows no more user namespaces",
      hint: "raise the limit: sysctl user.max_user_namespaces=15000",
    }),
  ],
  [
    /setting up uid map: |loopback: Failed RTM_NEWADDR/,
    () => ({ message: "this machine restricts what a user namespace may do", hint: DOCTOR }),
  ],
  [
    /Can't mount proc on|cannot open \/proc\/sys\/user\/max_user_namespaces/,
    () => ({
      message: "bottles cannot be nested in a container that covers parts of /proc",
      hint: "start it on the host, or choose another backend with --backend",
    }),
  ],
  [
    /Unknown option (\S+)/,
    ([, option = ""]) => ({
      message: `this bubblewrap does not know ${option}`,
      hint: "version 0.8.0 or newer is needed: bwrap --version",
    }),
  ],
  [
    /reassociate to namespace .* failed|cannot open \/proc\/\d+\/ns/,
    () => ({ message: "the namespaces of the bottle are gone", hint: "it was stopped from outside; start it again" }),
  ],
  [
    /Resource temporarily unavailable/,
    () => ({
      message: "the bottle is at its limit of processes",
      hint: "end something inside, or raise `resources.pids`",
    }),
  ],
  [
    /failed to set the NPROC resource limit/,
    () => ({
      message: "the limit of processes is higher than this user's own",
      hint: "lower `resources.pids`, or raise the user's limit: ulimit -u",
    }),
  ],
  [/prctl\(PR_SET_SECCOMP\)|seccomp/i, () => ({ message: "this kernel does not take seccomp filters", hint: DOCTOR })],
];

/** What a launch that ended before the command ran tells the operator. */
export function explainLaunchFailure(words: string, exit: Exit): LaunchFailure {
  for (const [pattern, explain] of EXPLANATIONS) {
    const match = pattern.exec(words);
    if (match !== null) return { code: "launch/failed", ...explain(match) };
  }
  const last = words.trim().split("\n").at(-1)?.trim();
  const ended = exit.kind === "signal" ? `by ${exit.signal}` : `with code ${exit.code}`;
  return {
    code: "launch/failed",
    message: last ? `the bottle did not start: ${last}` : `the bottle did not start: its launch ended ${ended}`,
    hint: DOCTOR,
  };
}
