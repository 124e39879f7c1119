import { platform } from "node:os";
import { type Child, type Finished, run, startProcess } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";

/** A variable of git that says what of its surroundings it uses. */
export type GitEnv = Readonly<Record<string, string>>;

/** Everything git is told by environment; nothing of the operator's or of a bottle's reaches it. */
const GIT_ENV: GitEnv = {
  PATH: `/usr/local/bin:${SYSTEM_PATH}`,
  LC_ALL: "C",
  HOME: "/nonexistent",
  XDG_CONFIG_HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_NO_LAZY_FETCH: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "/bin/false",
  SSH_ASKPASS: "/bin/false",
  GIT_ALLOW_PROTOCOL: "none",
};

/**
 * Memory and time of everything that reads what a bottle sent: a hostile pack ends itself and nothing else. A limit that the
 * operator's own is below already stays that; one that cannot be set at all is the end of it. macOS has none for memory.
 */
const LIMITS = { t: "3600", c: "0", ...(platform() === "darwin" ? {} : { v: "8388608" }) };
const HOLD = [
  'cap() { ulimit -S "-$1" "$2" 2>/dev/null || ulimit -S "-$1" "$(ulimit -H "-$1")" || exit 71; }',
  ...Object.entries(LIMITS).map(([what, most]) => `cap ${what} ${most}`),
  'exec "$@"',
].join("\n");

type Argv = readonly [string, ...string[]];

function limited(args: readonly string[]): Argv {
  return ["/bin/sh", "-c", HOLD, "sh", "git", "--no-pager", ...args];
}

/** How a git command is run to its end. */
export type GitCall = {
  readonly env?: GitEnv;
  readonly cwd: string;
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Open descriptor that takes the pack which a fetch receives, byte for byte, as it comes */
  readonly packTo?: number;
};

/** Runs one git command with nothing of anybody's configuration but the repository's, which is ours. */
export function runGit(args: readonly string[], { env, packTo, ...call }: GitCall): Promise<Finished> {
  const tee = packTo === undefined ? {} : { GIT_TRACE_PACKFILE: "3" };
  return run(limited(args), {
    ...{ ...call, env: { ...GIT_ENV, ...env, ...tee }, maxOutputBytes: 512 * 1024 * 1024, group: true },
    ...(packTo === undefined ? {} : { third: packTo }),
  });
}

/** Starts a git command as the head of a process group of its own, with the pipes that are asked for. */
export function startGit(
  args: readonly string[],
  { env, cwd, pipes }: Pick<GitCall, "env" | "cwd"> & { readonly pipes: number },
): Child {
  const stdio = Array.from({ length: pipes }, () => "pipe" as const);
  return startProcess(limited(args), { env: { ...GIT_ENV, ...env }, cwd, stdio, detached: true });
}

/** The error of a bug or of a damaged mirror: what git said, for the journal. */
export function gitFailed(what: string, { stderr }: Finished): Error {
  return new Error(`git ${what}: ${stderr.trim().slice(0, 500)}`);
}

/** The output of a git command that has no reason to fail. */
export async function readGit(args: readonly string[], call: GitCall): Promise<string> {
  const finished = await runGit(args, call);
  if (finished.exit.kind !== "code" || finished.exit.code !== 0) throw gitFailed(args[0] ?? "", finished);
  return finished.stdout.toString("utf8");
}
