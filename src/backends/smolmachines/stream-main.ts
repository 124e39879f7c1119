import { startProcess } from "../../base/process.ts";
import type { Scope } from "../../base/scope.ts";
import type { Link } from "../link.ts";
import { speakWithMain } from "../main-process.ts";
import { makeMainArgs } from "./args.ts";
import type { MachineHolder } from "./control.ts";
import type { Smolvm } from "./smolvm.ts";

const MOST_WORDS = 4000;

/**
 * Starts the main process in a machine that cannot be shown a socket of the host: it speaks over the standard streams of
 * `exec -i`, and the connections of the link come along. The machine has no network then either.
 */
export function openStreamMain(
  smolvm: Smolvm,
  main: { readonly name: string; readonly user: string | undefined; readonly program: string },
  link: Link,
  scope: Scope,
): MachineHolder {
  // a session of its own: Ctrl-C on the operator's terminal is for the command inside
  const child = startProcess([smolvm.command, ...makeMainArgs(main.name, main.user, main.program)], {
    env: smolvm.env,
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null) throw new Error("pipes were asked for");
  stdin.on("error", () => {}); // its end tells
  let words = "";
  stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-MOST_WORDS);
  });
  const exit = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  const end = () => void child.kill("SIGKILL");
  scope.defer("let go of the main process", end);
  const spoken = speakWithMain({ input: stdin, output: stdout, ended: exit, words: () => words, end }, link);
  return { ...spoken, exit, release: () => void stdin.end() };
}
