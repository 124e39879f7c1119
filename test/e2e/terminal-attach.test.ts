import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPane, type Pane, waitFor } from "./tmux-pane.ts";

const FIXTURE = `${process.execPath} --import tsx ${resolve("test/fixtures/attach-terminal.ts")}`;
const INSIDE = "bash --norc --noprofile";

let pane: Pane;

beforeEach(() => {
  pane = openPane("PS1='outside$ ' exec bash --norc --noprofile");
});

afterEach(() => {
  pane.close();
});

const lastLine = (screen: string) => screen.trimEnd().split("\n").at(-1) ?? "";
const prompted = (prompt: string) => (screen: string) => lastLine(screen).trimEnd() === prompt;

/** Starts a command joined to the pane; returns the settings that the terminal had before. */
async function attach(command: string): Promise<string> {
  await pane.until(prompted("outside$"), "the outer shell");
  pane.keys("-R");
  const before = pane.settings();
  pane.line(`clear; PS1='inside$ ' ${FIXTURE} ${command}`);
  return before;
}

async function attachShell(): Promise<string> {
  const before = await attach(INSIDE);
  await pane.until(prompted("inside$"), "the inner shell");
  return before;
}

/** Pid of the process with this text in its command line. */
function pidOf(...words: readonly string[]): number {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  const tty = pane.ask("#{pane_tty}");
  const found = lines
    .filter((line) => words.every((word) => line.includes(word)))
    .map((line) => Number.parseInt(line, 10))
    .find((pid) => [0, 3].some((fd) => link(`/proc/${pid}/fd/${fd}`) === tty));
  if (found === undefined) throw new Error(`no process with ${words.join(" and ")}`);
  return found;
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

const cli = () => pidOf("node", "attach-terminal.ts");
const watcher = () => pidOf("stty raw");

function isGone(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

async function allGone(...pids: readonly number[]): Promise<void> {
  await waitFor(
    () => pids.every(isGone) || undefined,
    () => `the end of ${pids.filter((pid) => !isGone(pid)).join()}`,
  );
}

describe("a program on a terminal of its own", () => {
  test("vim looks right, follows the size, and leaves the screen as it was", async () => {
    const before = await attachShell();
    pane.line("vim -u NONE -c 'set nocp nu nowrap ruler' -c 'call setline(1, range(101, 118))'");
    await pane.until(
      (screen) => /^ +1 101\n/.test(screen) && / 1,1 +All$/.test(lastLine(screen)),
      "vim's first screen",
    );
    expect(pane.ask("#{alternate_on}")).toBe("1");
    pane.keys("G", "o", "added below", "Escape");
    await pane.until((screen) => screen.includes("added below"), "the line that was typed");
    pane.resize(100, 30);
    await pane.until((screen) => /^.{80,}All$/.test(lastLine(screen)), "vim at the new width");
    pane.line(":q!");
    await pane.until(prompted("inside$"), "the inner shell again");
    pane.line("stty size; exit 7");
    const last = await pane.until(prompted("outside$"), "the outer shell again");
    expect(last).toContain("30 100");
    expect(last).toContain('[exited {"kind":"code","code":7}]');
    expect(pane.settings()).toBe(before);
    expect(pane.ask("#{alternate_on} #{cursor_flag} #{keypad_flag} #{mouse_any_flag}")).toBe("0 1 0 0");
  });

  test("less shows, searches and ends", async () => {
    const before = await attach("less -M /etc/passwd");
    await pane.until((screen) => screen.includes("root:x:0:0"), "the file");
    pane.line("/nobody");
    await pane.until((screen) => screen.includes("nobody:x"), "what was searched");
    pane.keys("q");
    await pane.until(prompted("outside$"), "the outer shell again");
    expect(pane.settings()).toBe(before);
  });

  test("Ctrl-C and Ctrl-Z act on the program inside, not on what runs it", async () => {
    await attachShell();
    pane.line("trap 'echo caught' INT; cat");
    pane.line("first");
    await pane.until((screen) => /^first\nfirst$/m.test(screen), "what cat returns");
    pane.keys("C-z");
    await pane.until((screen) => screen.includes("Stopped"), "cat stopped");
    pane.line("fg");
    pane.line("second");
    await pane.until((screen) => /^second\nsecond$/m.test(screen), "cat again");
    pane.keys("C-c");
    await pane.until((screen) => screen.includes("caught") && prompted("inside$")(screen), "cat ended");
    pane.line("exit");
    await pane.until((screen) => screen.includes("[exited"), "the end");
  });

  test("it has nothing of the operator's terminal", async () => {
    await attachShell();
    const outer = pane.ask("#{pane_tty}");
    pane.line("clear; tty; ls -l /proc/self/fd | grep -c -e ptmx -e ' OUTER$'".replace("OUTER", outer));
    const screen = await pane.until((seen) => /^\/dev\/pts\/\d+\n\d+$/m.test(seen), "the answer");
    expect(screen).not.toContain(`${outer}\n`);
    expect(screen).toMatch(/^\/dev\/pts\/\d+\n0$/m);
  });
});

describe("hostile output", () => {
  test("reaches neither title, clipboard nor bell of answers", async () => {
    await attachShell();
    pane.run("set-option", "-s", "set-clipboard", "on");
    pane.run("set-option", "-g", "allow-passthrough", "on");
    pane.run("set-option", "-g", "allow-rename", "on");
    pane.run("set-option", "-g", "automatic-rename", "off"); // tmux's own, after the program in front, comes and goes
    const title = pane.ask("#{pane_title} #{window_name}");
    const attack = [
      "\\033]2;evil\\007\\033]0;evil\\007\\033kevil\\033\\\\\\\\",
      "\\033]52;c;aGVsbG8=\\007\\033Ptmux;\\033\\033]52;c;aGVsbG8=\\007\\033\\\\\\\\",
      "\\005\\033P$qm\\033\\\\\\\\\\033P+q544e\\033\\\\\\\\\\033[21t",
    ].join("");
    pane.line(`printf "${attack}"; printf 'do%s\\n' ne`);
    await pane.until((screen) => /^done$/m.test(screen) && prompted("inside$")(screen), "the attack");
    expect(pane.ask("#{pane_title} #{window_name}")).toBe(title);
    expect(() => pane.run("show-buffer")).toThrow(/no buffers/);
  });

  test("the same bytes without the filter do reach the terminal", async () => {
    await pane.until(prompted("outside$"), "the outer shell");
    pane.run("set-option", "-s", "set-clipboard", "on");
    pane.line('printf "\\033]2;evil\\007\\033]52;c;aGVsbG8=\\007"');
    await waitFor(
      () => pane.ask("#{pane_title}") === "evil" || undefined,
      () => `the title ${pane.ask("#{pane_title}")}`,
    );
    expect(pane.run("show-buffer")).toBe("hello");
  });

  test("questions asked at the end are not answered into the shell", async () => {
    const before = await attach(`sh -c "printf '\\033[c\\033[6n\\033[?1003h\\033[?1004h\\033[>c\\033[5n'"`);
    await pane.until((screen) => screen.includes("[exited"), "the end");
    await pane.until(prompted("outside$"), "an empty prompt");
    pane.line("echo still empty");
    const screen = await pane.until((seen) => /^still empty$/m.test(seen), "a command that works");
    expect(screen).toMatch(/^outside\$ echo still empty$/m);
    expect(pane.settings()).toBe(before);
    expect(pane.ask("#{mouse_any_flag}")).toBe("0");
  });
});

describe("a sudden end", () => {
  test("a terminal that hangs up ends everything", async () => {
    await attachShell();
    pane.line("echo pid=$$; sleep 1000");
    const screen = await pane.until((seen) => /^pid=\d+$/m.test(seen), "the inner pid");
    const inside = Number(/^pid=(\d+)$/m.exec(screen)?.[1]);
    const all = [inside, cli(), watcher()];
    expect(all.some(isGone)).toBe(false);
    pane.run("kill-pane");
    await allGone(...all);
  });

  test("after kill -9 under a shell that sets nothing back, the terminal is as before", async () => {
    pane.line("PS1='outside$ ' exec sh");
    const before = await attachShell();
    pane.line("printf '\\033[?1000h\\033[?1003h\\033[?25l\\033[?1h\\033='; vim -u NONE /etc/passwd");
    await pane.until((screen) => screen.includes("~") || screen.includes("daemon:x"), "vim");
    expect(pane.ask("#{alternate_on} #{mouse_any_flag} #{keypad_flag}")).toBe("1 1 1");
    const guard = watcher();
    process.kill(cli(), "SIGKILL");
    await allGone(guard);
    expect(pane.settings()).toBe(before);
    expect(pane.ask("#{alternate_on} #{cursor_flag} #{keypad_cursor_flag} #{mouse_any_flag}")).toBe("0 1 0 0");
    pane.line("echo alive");
    await pane.until((screen) => /^alive$/m.test(screen), "a shell that works");
  });

  test("after kill -9 under a shell with a line editor, its mode is left alone", async () => {
    const before = await attachShell();
    expect(before).toContain(" -icanon"); // the line editor's
    const guard = watcher();
    process.kill(cli(), "SIGKILL");
    await allGone(guard);
    const isBack = (screen: string) => screen.includes("Killed") && prompted("outside$")(screen);
    // the shell sets its mode when it prompts again, which the screen may show first
    await pane.until((screen) => isBack(screen) && pane.settings() === before, "the outer shell, in its mode");
    pane.run("send-keys", "-l", "echo ac");
    pane.keys("Left", "b", "Enter");
    await pane.until((screen) => /^abc$/m.test(screen), "an edited line");
  });

  test("without its watcher the terminal is still set back at the ordinary end", async () => {
    const before = await attachShell();
    process.kill(watcher(), "SIGKILL");
    pane.line("exit");
    const screen = await pane.until(prompted("outside$"), "the end");
    expect(screen).toMatch(/^bye$/m);
    expect(pane.settings()).toBe(before);
  });

  test("SIGTERM ends the attachment and sets the terminal back", async () => {
    const before = await attachShell();
    process.kill(cli(), "SIGTERM");
    await pane.until((screen) => screen.includes("[aborted SIGTERM]\nbye\n"), "the end");
    await pane.until(prompted("outside$"), "the outer shell");
    expect(pane.settings()).toBe(before);
  });
});
