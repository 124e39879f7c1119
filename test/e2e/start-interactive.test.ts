import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  INSIDE,
  noneWith,
  OPERATORS,
  OUTER,
  openStartPane,
  prompted,
  type StartPane,
  startShell,
} from "../fixtures/start-pane.ts";
import { waitFor } from "./tmux-pane.ts";

let pane: StartPane;

const MODES = "#{alternate_on} #{cursor_flag} #{keypad_flag} #{keypad_cursor_flag} #{mouse_any_flag}";
let marks = 0;
/** A number of seconds that no other process sleeps. */
const makeMark = () => `87${process.pid}${marks++}`;

describe.each(OPERATORS)("bottle start on a terminal, as $name", (operator) => {
  let before: string;

  beforeEach(async () => {
    pane = await openStartPane(operator);
    // Without a line editor the settings are those of the terminal at rest, so that they can be compared.
    pane.line("PS1='outside$ ' exec bash --noprofile --noediting --rcfile ../rc");
    const isPlain = (screen: string) => prompted(OUTER)(screen) && / icanon\b/.test(pane.settings());
    await pane.until(isPlain, "a shell without a line editor"); // what is typed before may be the other one's
    pane.line("clear");
    await pane.until((screen) => screen.trim() === OUTER, "a plain shell");
    before = pane.settings();
  });

  afterEach(async () => {
    await pane.remove();
  });

  /** The exit code of what runs next, and the terminal as it was. */
  async function ended(): Promise<string> {
    const screen = await pane.until((seen) => /^code=\d+$/m.test(seen) && prompted(OUTER)(seen), "the end");
    expect(pane.settings()).toBe(before);
    expect(pane.ask(MODES)).toBe("0 1 0 0 0");
    return screen;
  }

  test("the question, answered with no, creates nothing", async () => {
    pane.line("clear; bottle start; echo code=$?");
    const asked = await pane.until((screen) => screen.includes("Start it?"), "the question");
    expect(asked).toMatch(/^bottle {5}default-\w+, from default$/m);
    expect(asked).toMatch(/^network {4}none at all$/m);
    expect(pane.states()).toEqual([]);
    pane.line("n");
    expect(await ended()).toMatch(/^code=7$/m);
    expect(pane.states()).toEqual([]);
  });

  test.each([
    ["Ctrl-C", "C-c", 130, /^bottle: stopped by SIGINT; nothing was started/m],
    ["Ctrl-D", "C-d", 130, /^bottle: stopped before anything was started/m],
    ["Enter", "Enter", 7, /\[y\/N\]$/m],
  ])("%s at the question creates nothing", async (_, key, code, said) => {
    pane.line("clear; bottle start; echo code=$?");
    await pane.until((screen) => screen.includes("Start it?"), "the question");
    pane.keys(key);
    const screen = await ended();
    expect(screen).toMatch(new RegExp(`^code=${code}$`, "m"));
    expect(screen).toMatch(said);
    expect(pane.states()).toEqual([]);
  });

  test("the question waits while the program is stopped, and what is typed ahead reaches the shell inside", async () => {
    pane.line("set -m; clear; bottle start; echo code=$?");
    const asked = await pane.until((screen) => screen.includes("Start it?"), "the question");
    expect(asked.trimEnd().split("\n").length, asked).toBeLessThanOrEqual(15);
    pane.keys("C-z");
    await pane.until((screen) => screen.includes("Stopped"), "the stopped program");
    pane.line("clear; fg");
    await pane.until((screen) => /^bottle start$|main\.js/m.test(screen), "the program again");
    pane.keys("-l", "yes\necho ahe''ad\n");
    await pane.until((screen) => /^ahead$/m.test(screen) && prompted(INSIDE)(screen), "what was typed ahead");
    pane.line("exit 4");
    await pane.until(prompted(OUTER), "the outer shell");
    expect(pane.cliPids()).toEqual([]);
  });

  test("yes leads to a shell whose exit code is passed on", async () => {
    pane.line("clear; bottle start; echo code=$?");
    await pane.until((screen) => screen.includes("Start it?"), "the question");
    pane.line("y");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("clear; tty; stty size; cat hello.txt");
    const inside = await pane.until((screen) => /^hello$/m.test(screen), "what it prints");
    expect(inside).toMatch(/^\/dev\/console\n24 80\nhello$/m);
    pane.line("exit 3");
    expect(await ended()).toMatch(/^code=3$/m);
    expect(pane.cliPids()).toEqual([]);
  });

  test("started in the background it waits, with the terminal untouched, until it is brought to the front", async () => {
    pane.line("set -m; clear; bottle start --yes & sleep 0; echo go'es'-on");
    await pane.until((screen) => /^goes-on$/m.test(screen), "the outer shell");
    await waitFor(
      () => pane.cliPids().some((pid) => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) || undefined,
      () => `the program to stop; the screen is:\n${pane.screen()}`,
    );
    expect(pane.settings()).toMatch(/ icanon\b/);
    expect(pane.states()).toEqual([]);
    pane.line("clear; fg");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("exit");
    await pane.until(prompted(OUTER), "the outer shell");
    expect(pane.settings()).toBe(before);
  });

  test("stopped and brought back, Ctrl-C still goes to the command inside", async () => {
    pane.line("set -m");
    await startShell(pane);
    for (const pid of pane.cliPids()) process.kill(pid, "SIGSTOP");
    await pane.until((screen) => screen.includes("Stopped") && prompted(OUTER)(screen), "the outer shell");
    pane.resize(90, 20);
    pane.line("clear; fg");
    pane.line("clear; echo re'ady'; cat");
    await pane.until((screen) => /^ready$/m.test(screen), "cat");
    pane.keys("C-c");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("clear; stty size");
    await pane.until((screen) => /^20 90$/m.test(screen), "the size that changed meanwhile");
    pane.line("exit");
    await pane.until(prompted(OUTER), "the outer shell");
    expect(pane.settings()).toBe(before);
  });

  test("a paste of 100 kB arrives whole, in a terminal of 20 × 5 too", async () => {
    await startShell(pane);
    pane.resize(20, 5);
    const text = Array.from({ length: 2000 }, (_, line) => `${line} ${"x".repeat(44)}\n`).join("");
    pane.line("clear; stty -echo; echo re'ady'; head -n 2000 | md5sum | cut -c 1-12; stty echo");
    await pane.until((screen) => /^ready$/m.test(screen), "the reader");
    const file = join(pane.folder, "paste");
    writeFileSync(file, text);
    pane.run("load-buffer", file);
    pane.run("paste-buffer", "-r");
    const sum = createHash("md5").update(text).digest("hex").slice(0, 12);
    await pane.until((screen) => screen.includes(sum), `the sum ${sum}`);
    pane.line("exit");
    await pane.until(prompted(OUTER), "the outer shell");
    expect(pane.settings()).toBe(before);
  });

  test("vim, a new size, Ctrl-C and Ctrl-Z", async () => {
    await startShell(pane);
    pane.line("vim -u NONE -c 'set nocp ruler' hello.txt");
    const first = await pane.until((screen) => screen.includes("1,1"), "vim's ruler");
    expect(first).toMatch(/^hello\n~\n~/);
    pane.resize(100, 30);
    await pane.until((screen) => /^.{80,}All$/m.test(screen.trimEnd()), "vim at the new width");
    pane.line(":q!");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("clear; stty size");
    await pane.until((screen) => /^30 100$/m.test(screen), "the new size");
    pane.line("clear; echo re'ady'; cat");
    await pane.until((screen) => /^ready$/m.test(screen), "cat");
    pane.line("one");
    await pane.until((screen) => /one\none$/m.test(screen), "what cat returns");
    pane.keys("C-z");
    await pane.until((screen) => screen.includes("Stopped"), "cat stopped");
    pane.line("clear; jobs; fg");
    await pane.until((screen) => /^cat$/m.test(screen), "cat again");
    pane.keys("C-c");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("clear; exit");
    await pane.until(prompted(OUTER), "the outer shell");
    pane.line("clear; echo code=$?");
    await ended();
  });

  test.each(["kill-pane", "kill-server"])(
    "a terminal that hangs up (%s) ends the bottle in good order",
    async (how) => {
      const mark = makeMark();
      await startShell(pane);
      pane.line(`clear; echo kept > new.txt; setsid sleep ${mark} & echo u'p'; sleep ${mark}`);
      await pane.until((screen) => /^up$/m.test(screen), "what runs inside");
      const [slug = "none"] = pane.states();
      pane.run(how);
      await noneWith(`sleep ${mark}`);
      await noneWith(pane.main);
      await noneWith(slug);
      expect(pane.held()).toEqual([]);
      expect(JSON.parse(pane.bottle("list", "--json"))).toMatchObject([
        { slug, status: "ended", exitCode: 129, results: "changed", damage: null },
      ]);
      expect(pane.bottle("logs", slug)).toContain("ended by SIGHUP");
      expect(pane.bottle("cleanup", "--yes")).toContain("nothing to clean up");
    },
  );

  test("a terminal that hangs up at the question leaves nothing", async () => {
    pane.line("clear; bottle start");
    await pane.until((screen) => screen.includes("Start it?"), "the question");
    pane.run("kill-pane");
    await noneWith(pane.main);
    expect(pane.states()).toEqual([]);
    expect(pane.held()).toEqual([]);
  });

  test.each(["SIGKILL", "SIGTERM"] as const)("%s to the program ends everything inside", async (signal) => {
    const mark = makeMark();
    await startShell(pane);
    pane.line(`printf '\\033[?1049h\\033[?1000h\\033[?25l'; setsid sleep ${mark} & echo u'p'; sleep ${mark}`);
    await pane.until((screen) => /^up$/m.test(screen), "what runs inside");
    const [slug = "none"] = pane.states();
    for (const pid of pane.cliPids()) process.kill(pid, signal);
    // Killed, it can do nothing any more: that all inside is dead within a second is the claim, and a second is for this machine.
    await noneWith(`sleep ${mark}`, signal === "SIGKILL" ? 2000 : undefined);
    await noneWith(pane.main);
    await noneWith(slug);
    if (signal === "SIGKILL") expect(pane.bottle("list")).toMatch(new RegExp(`^${slug} .* dead `, "m"));
    expect(pane.bottle("cleanup", "--yes")).not.toMatch(/exit/);
    expect(pane.held()).toEqual([]);
    expect(pane.bottle("list")).not.toMatch(/ (dead|running) /);
    // The shell may have printed its prompt on the other screen; what is typed is read all the same.
    await waitFor(
      () => pane.ask(MODES) === "0 1 0 0 0" || undefined,
      () => `the screen's modes: ${pane.ask(MODES)}`,
    );
    pane.line("clear; echo code=$?");
    await ended();
  });
});
