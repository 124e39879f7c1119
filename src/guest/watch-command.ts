import { readdirSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 25;
const LOOKS = 3;
/** Where the kernel does not tell who is starting, a process without variables looks like one: it is not waited for longer. */
const LOOKS_AT_STARTING = 80;

/** Sends a signal to a process of this bottle; one that is gone is no error. */
export function signalInside(text: string): void {
  const { pid, signal } = JSON.parse(text) as { readonly pid: number; readonly signal: NodeJS.Signals };
  kill(pid, signal);
}

/** Sends a signal to every process that this one may signal, but not to itself. */
export function signalAll(signal: NodeJS.Signals): void {
  kill(-1, signal);
}

/**
 * Waits for the end of a command, then ends what it has left in the background, which carries its mark. A process that is just
 * becoming another program has no variables for a moment: the command is known by when it began, and others are given time.
 * `look` is called each time that it is looked at.
 */
export function watchCommand(text: string, look: () => void): void {
  const { pid, mark } = JSON.parse(text) as { readonly pid: number; readonly mark: string };
  const began = readState(pid)?.began;
  let calm = 0;
  let waited = 0;
  const timer = setInterval(() => {
    look();
    if (began !== undefined && readState(pid)?.began === began) return;
    const left = endMarked(mark);
    if (left === "starting") waited += 1;
    calm = left === "some" || (left === "starting" && waited < LOOKS_AT_STARTING) ? 0 : calm + 1;
    if (calm === LOOKS) clearInterval(timer);
  }, LOOK_EVERY_MS);
}

/** What there was: something to end, something whose variables cannot be read yet, or nothing. */
function endMarked(mark: string): "some" | "starting" | "none" {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const variables = pids.map((pid) => [pid, readProc(pid, "environ")] as const);
  const marked = variables.filter(([, text]) => text?.includes(mark) === true);
  for (const [pid] of marked) kill(pid, "SIGKILL");
  if (marked.length > 0) return "some";
  return variables.some(([pid, text]) => text === "" && readState(pid)?.isStarting === true) ? "starting" : "none";
}

type State = {
  /** In ticks since the machine began: with the pid it names one process, whatever programs it becomes. */
  readonly began: string | undefined;
  readonly isStarting: boolean;
};

/** Nothing for a process that has ended. Fields as in proc_pid_stat(5): state, starttime (22) and env_end (51). */
function readState(pid: number): State | undefined {
  const text = readProc(pid, "stat");
  const [state = "Z", ...fields] = text?.slice(text.lastIndexOf(")") + 2).split(" ") ?? [];
  return state === "Z" || state === "X" ? undefined : { began: fields[18], isStarting: fields[47] === "0" };
}

function readProc(pid: number, file: "stat" | "environ"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}
