import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real terminal of a fixed size with a shell in it, driven by keys and read as a person sees it. */
export type Pane = {
  /** Keys by tmux's names (`C-c`, `Enter`, `Up`). */
  keys(...names: readonly string[]): void;
  /** Text, typed as it is and followed by Enter. */
  line(text: string): void;
  screen(): string;
  /** A format of tmux, such as `#{pane_title}`. */
  ask(format: string): string;
  /** The settings of the pane's terminal, without its size. */
  settings(): string;
  /** Waits until the screen fulfils the condition; throws with the screen when it does not in time. */
  until(condition: (screen: string) => boolean, what: string): Promise<string>;
  resize(columns: number, rows: number): void;
  run(...command: readonly string[]): string;
  close(): void;
};

const DEADLINE_MS = 15_000;
const POLL_MS = 50;

/** Opens a tmux server of its own, 80 × 24, with this shell command in its only pane. */
export function openPane(shell: string): Pane {
  const name = `bottle-test-${randomUUID().slice(0, 8)}`;
  const home = mkdtempSync(join(tmpdir(), "bottle-pane-")); // shells and editors leave their histories there
  const run = (...command: readonly string[]) =>
    execFileSync("tmux", ["-L", name, "-f", "/dev/null", ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMUX: undefined, LC_ALL: "C.UTF-8", HOME: home },
    });
  run("-u", "new-session", "-d", "-x", "80", "-y", "24", shell);
  const screen = () => run("capture-pane", "-p");
  const ask = (format: string) => run("display-message", "-p", format).trim();
  return {
    keys: (...names) => void run("send-keys", ...names),
    line: (text) => {
      run("send-keys", "-l", text);
      run("send-keys", "Enter");
    },
    screen,
    ask,
    settings: () =>
      execFileSync("stty", ["-a", "-F", ask("#{pane_tty}")], { encoding: "utf8" }).replace(
        /rows \d+; columns \d+;/,
        "",
      ),
    until: (condition, what) =>
      waitFor(
        () => {
          const seen = screen();
          return condition(seen) ? seen : undefined;
        },
        () => `${what}; the screen is:\n${screen()}`,
      ),
    resize: (columns, rows) => void run("resize-window", "-x", String(columns), "-y", String(rows)),
    run,
    close: () => {
      try {
        run("kill-server");
      } catch {
        // its last pane has ended and the server with it
      }
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Waits until `attempt` gives a value, 15 seconds at most unless a claim is about a shorter time. */
export async function waitFor<T>(attempt: () => T | undefined, what: () => string, ms = DEADLINE_MS): Promise<T> {
  for (const deadline = Date.now() + ms; ; ) {
    const value = attempt();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
