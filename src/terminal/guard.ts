import { once } from "node:events";
import { BottleError } from "../base/errors.ts";
import { startProcess } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import { restoreScreen } from "./restore-sequences.ts";

/** The operator's terminal in raw mode, and the promise that it is usable again whatever happens to this process. */
export type TerminalGuard = {
  /** Switches to raw mode again, after the operator's shell had the terminal in between. */
  again(): void;
  /** Tells which screen is shown, so that the right one is set back. */
  shows(screen: "main" | "alternate"): void;
  /** Sets the terminal back as it was found; twice is no error. */
  leave(): Promise<void>;
};

/** The operator's terminal as this process has it. */
export type GuardedTerminal = {
  /** Descriptor of the terminal, as read from */
  readonly inputFd: number;
  /** Descriptor of the terminal, as written to */
  readonly outputFd: number;
};

/**
 * The watcher. It has the terminal, and the reading end of a pipe whose writing end only we hold, so that it learns of our
 * end however we end. In a session of its own, no key and no hang-up reaches it and job control does not stop it. All
 * settings are done by it, so that there is no moment in which the terminal is raw and nobody watches.
 *
 * Node's own raw mode is not enough: it still turns a line feed into two characters, and what the bottle's terminal put
 * out is final.
 *
 * After our sudden end the shell may have taken the terminal back before the watcher wakes up, with settings of its own
 * (readline's); setting the old ones over them would leave a line editor without its mode. So the settings are put back only
 * while they are still exactly the ones made here. The screen's modes are always put back: no shell does it, and on a
 * screen in order it changes nothing that is seen.
 */
const WATCHER = `
trap '' HUP INT QUIT TSTP TTIN TTOU
found=$(stty -g <&3) || exit 1
stty raw -echo <&3 || exit 1
made=$(stty -g <&3)
echo "ready $found"
screen=$1
while read -r word; do
  case $word in
    leave) stty "$found" <&3; exit ;;
    again) stty raw -echo <&3 ;;
    main) screen=$1 ;;
    alternate) screen=$2 ;;
  esac
done
if [ "$(stty -g <&3)" = "$made" ]; then stty "$found" <&3; fi
printf %b "$screen" >&4
`;

/** Switches the terminal to raw mode and starts its watcher. Throws `process/failed` when it cannot. */
export async function openTerminalGuard(terminal: GuardedTerminal): Promise<TerminalGuard> {
  const screens = [restoreScreen("main"), restoreScreen("alternate")].map(writeForPrintf);
  const watcher = startProcess(["/bin/sh", "-c", WATCHER, "sh", ...screens], {
    env: { PATH: SYSTEM_PATH },
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore", terminal.inputFd, terminal.outputFd],
    detached: true,
  });
  const { stdin, stdout } = watcher;
  if (stdin === null || stdout === null) throw new Error("the watcher has no pipes");
  const gone = once(watcher, "close").then(([code]: readonly unknown[]) => code === 0);
  stdin.on("error", () => {}); // it may be gone; its end tells
  const answer = await Promise.race([once(stdout, "data").then(String), gone.then(() => "")]);
  const found = /^ready ([0-9a-f:=\w]+)\n$/.exec(answer)?.[1];
  if (found === undefined) {
    throw new BottleError("process/failed", "stty cannot switch this terminal to raw mode", {
      hint: "check that `stty -g` works here, or run the command with --headless",
    });
  }
  const leave = async () => {
    stdin.end("leave\n");
    if (!(await gone)) await setBack(terminal, found);
  };
  let left: Promise<void> | undefined;
  return {
    again: () => void stdin.write("again\n"),
    shows: (screen) => void stdin.write(`${screen}\n`),
    leave: () => {
      left ??= leave();
      return left;
    },
  };
}

/** The text as `printf %b` reads it: nothing in an argv of ours acts on the terminal of who lists processes. */
function writeForPrintf(text: string): string {
  return text.replace(/[\0-\x1f\\]/g, (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** For the case that somebody ended the watcher. */
async function setBack(terminal: GuardedTerminal, settings: string): Promise<void> {
  const stty = startProcess(["stty", settings], {
    env: { PATH: SYSTEM_PATH },
    stdio: [terminal.inputFd, "ignore", "ignore"],
  });
  await once(stty, "close");
}
