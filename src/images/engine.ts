import { BottleError } from "../base/errors.ts";
import type { Exit, Finished, Run, RunOptions } from "../base/process.ts";

/** A container engine behind a command that speaks Docker's language. */
export type Engine = {
  /** `docker`, or what `BOTTLE_DOCKER` names */
  readonly command: string;
  /** The operator's own variables: contexts, `DOCKER_HOST`, `PATH`, ssh agents; they reach the command and nothing inside */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs the command to its end; a bad exit is a value. */
  run(args: readonly string[], options?: EngineRun): Promise<Finished>;
};

/** How a command of an engine is run. */
export type EngineRun = Pick<RunOptions, "stdin" | "signal" | "timeoutMs" | "maxOutputBytes" | "stdoutTo">;

/** The engine that the operator's environment names. */
export function openEngine(env: Engine["env"], run: Run): Engine {
  const named = env["BOTTLE_DOCKER"];
  const command = named === undefined || named === "" ? "docker" : named;
  return { command, env, run: (args, options = {}) => run([command, ...args], { ...options, env }) };
}

/** Runs the command and gives back what it printed. Throws `image/engine-failed` with the engine's own words. */
export async function mustRun(
  engine: Engine,
  what: string,
  args: readonly string[],
  options?: EngineRun,
): Promise<string> {
  const { exit, stdout, stderr } = await engine.run(args, options);
  if (succeeded(exit)) return stdout.toString("utf8").trim();
  throw engineFailure(engine, what, stderr);
}

/** Whether a command ended well. */
export function succeeded(exit: Exit): boolean {
  return exit.kind === "code" && exit.code === 0;
}

/** An error in the engine's own words, without the warnings that it also prints. */
export function engineFailure(engine: Engine, what: string, stderr: string): BottleError {
  const words = engineWords(stderr) || "it ended without a word";
  return new BottleError("image/engine-failed", `${what}: ${words}`, {
    hint: explainWords(engine.command, words) ?? "`bottle doctor` checks the engine",
  });
}

const UNREACHABLE =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|connection refused/i;

/** Whether an error says that no engine answers any more; what it held is then found by the next clean-up. */
export function isEngineGone(error: unknown): boolean {
  return error instanceof BottleError && error.code === "image/engine-failed" && saysEngineGone(error.message);
}

/** Whether words are those of a command that has no engine behind it. */
export function saysEngineGone(words: string): boolean {
  return UNREACHABLE.test(words);
}

const NOISE = [
  /^DEPRECATED: /,
  /^See '.*--help'\.$/,
  /^Run '.*--help' for more information$/,
  /^\s+Install the buildx component/,
  /^\s+https:\/\/docs\.docker\.com\/go\/buildx/,
  /^WARNING: /,
];
const MOST_LINES = 20;

/** Whether a line of the engine's command is about itself and not about what it does. */
export function isNoise(line: string): boolean {
  return line.trim() === "" || NOISE.some((noise) => noise.test(line));
}

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** Words without colours: the classic builder paints what a step says on its standard error red, also for a pipe. */
export function dropColours(words: string): string {
  return words.replace(COLOURS, "");
}

/** The lines of a message that tell something. */
export function engineWords(stderr: string): string {
  const lines = dropColours(stderr)
    .split("\n")
    .filter((line) => !isNoise(line));
  return lines
    .slice(-MOST_LINES)
    .map((line) => line.replace(/^(Error response from daemon|docker|Error): /, "").trimEnd())
    .join("\n");
}

/** The command that mends what an engine complains of; undefined for what only the words themselves explain. */
export function explainWords(command: string, words: string): string | undefined {
  if (/permission denied.*(docker\.sock|daemon socket|podman\.sock)/i.test(words)) {
    return "sudo usermod -aG docker $USER, then log in again";
  }
  if (UNREACHABLE.test(words)) {
    return `start the engine (sudo systemctl start ${command}, or open Docker Desktop), or check DOCKER_HOST`;
  }
  if (/no space left on device/i.test(words)) return `make room: ${command} system df; bottle image prune`;
  if (/no such image|image not known/i.test(words))
    return "somebody removed it meanwhile: start again, which builds it anew";
  if (/buildx component is missing or broken/i.test(words)) {
    return "install its buildx plug-in (docker-buildx-plugin, or docker-buildx), or unset DOCKER_BUILDKIT";
  }
  if (/container-init binary not found/i.test(words)) return "install catatonit, which is podman's init";
  if (/client version .* is too old|minimum supported api version/i.test(words)) return "update the docker command";
  return undefined;
}
