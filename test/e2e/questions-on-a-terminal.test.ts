import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { INSIDE, noneWith, OPERATORS, OUTER, openStartPane, prompted, type StartPane } from "../fixtures/start-pane.ts";
import { waitFor } from "./tmux-pane.ts";

let pane: StartPane;

describe.each(OPERATORS)("questions on a terminal, as $name", (operator) => {
  afterEach(async () => {
    await pane.remove();
  });

  const give = (path: string, text: string, mode = 0o644) => {
    writeFileSync(path, text, { mode });
    chownSync(path, operator.uid, operator.uid);
  };
  const ended = (code: number) =>
    pane.until(
      (screen) => new RegExp(`code=${code}$`, "m").test(screen) && prompted(OUTER)(screen),
      `exit code ${code}`,
    );

  test("init asks which toolchains a bottle may see, and leaves what start needs", async () => {
    pane = await openStartPane(operator, { init: false });
    const node = join(pane.home, ".nvm", "versions", "node", "v22.1.0");
    mkdirSync(join(node, "bin"), { recursive: true });
    for (const path of [".nvm", ".nvm/versions", ".nvm/versions/node", ".nvm/versions/node/v22.1.0"]) {
      chownSync(join(pane.home, path), operator.uid, operator.uid);
    }
    give(join(node, "bin", "node"), "#!/bin/sh\n", 0o755);
    pane.line("clear; bottle init; echo code=$?");
    await pane.until((screen) => screen.includes("Toolchains outside /usr"), "the question");
    pane.keys("Space");
    pane.keys("Enter");
    await ended(0);
    expect(readFileSync(join(pane.home, ".bot-bottle", "config.yaml"), "utf8")).toContain(
      join(pane.home, ".nvm", "versions"),
    );
    pane.line("clear; bottle start --yes -- true; echo code=$?");
    await ended(0);
  });

  test("init, interrupted, makes nothing", async () => {
    pane = await openStartPane(operator, { init: false });
    const node = join(pane.home, ".nvm", "versions", "node", "v22.1.0", "bin");
    mkdirSync(node, { recursive: true });
    writeFileSync(join(node, "node"), "#!/bin/sh\n", { mode: 0o755 });
    pane.line("clear; bottle init; echo code=$?");
    await pane.until((screen) => screen.includes("Toolchains outside /usr"), "the question");
    pane.keys("C-c");
    await ended(7);
    expect(() => readFileSync(join(pane.home, ".bot-bottle", "config.yaml"))).toThrow(/ENOENT/);
  });

  test("a value that is asked for is not shown, and is there inside", async () => {
    pane = await openStartPane(operator);
    give(join(pane.home, ".bot-bottle", "bottles", "asks.md"), "---\nenv:\n  PIN: ?Pin of the day\n---\n");
    pane.line("clear; bottle start --bottle asks -- bash --norc; echo code=$?");
    const asked = await pane.until((screen) => screen.includes("Start it?"), "the question");
    expect(asked).toMatch(/PIN = asked for: Pin of the day/);
    pane.line("y");
    await pane.until((screen) => screen.includes("Pin of the day", screen.indexOf("Start it?")), "the second question");
    pane.line("4711-not-shown");
    await pane.until((screen) => /\$$/.test(screen.trimEnd()) && screen.includes("bash-"), "the shell inside");
    expect(pane.screen()).not.toContain("4711-not-shown");
    pane.line("clear; echo ${#PIN} ${PIN%-not-shown}");
    await pane.until((screen) => /^14 4711$/m.test(screen), "the value inside");
    pane.line("exit");
    await pane.until(prompted(OUTER), "the outer shell");
  });

  test("edit opens an editor on a file that is checked afterwards", async () => {
    pane = await openStartPane(operator);
    pane.line("export EDITOR='vim -u NONE -N'; clear; bottle edit extra; echo code=$?");
    await pane.until((screen) => screen.includes("workspace:"), "vim with the file");
    pane.keys("G", "O");
    pane.run("send-keys", "-l", "wrong: 1");
    pane.keys("Escape");
    pane.line(":wq");
    const screen = await ended(2);
    expect(screen).toMatch(/extra\.md:\d+:\d+/);
    expect(screen).toMatch(/wrong/);
    pane.line("clear; bottle edit extra; echo code=$?");
    await pane.until((seen) => seen.includes("wrong: 1"), "vim with what was written");
    pane.line("/wrong");
    pane.keys("d", "d");
    pane.line(":wq");
    await ended(0);
  });

  test("Ctrl-C right after yes, while a large folder is copied, leaves nothing", async () => {
    pane = await openStartPane(operator);
    const many = join(pane.repository, "many");
    mkdirSync(many);
    chownSync(many, operator.uid, operator.uid);
    chmodSync(many, 0o755);
    for (let index = 0; index < 4000; index++) give(join(many, `${index}`), "x".repeat(1000));
    pane.line("clear; bottle start; echo code=$?");
    await pane.until((screen) => screen.includes("Start it?"), "the question");
    pane.line("y");
    await waitFor(
      () => pane.states().length > 0 || undefined,
      () => "the state folder",
    );
    pane.keys("C-c");
    const screen = await ended(130);
    expect(screen).toMatch(/bottle: stopped by SIGINT; nothing was left behind/);
    expect(pane.states()).toEqual([]);
    expect(pane.held()).toEqual([]);
    await noneWith(pane.main);
  });

  test("less and colours inside", async () => {
    pane = await openStartPane(operator);
    pane.line("clear; bottle start --yes");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("seq 1 500 | LESS= less -M");
    await pane.until((screen) => /^1\n2\n3\n/.test(screen) && screen.includes("lines 1-23"), "the first page");
    pane.keys("G");
    await pane.until((screen) => /^500$/m.test(screen), "the last page");
    pane.keys("q");
    await pane.until(prompted(INSIDE), "the shell inside");
    pane.line("clear; printf '\\033[31mred\\033[m plain\\n'");
    await pane.until((screen) => /^red plain$/m.test(screen), "a coloured line");
    expect(pane.run("capture-pane", "-p", "-e")).toContain("\x1b[31mred\x1b[39m plain");
    pane.line("clear; exit");
    await pane.until(prompted(OUTER), "the outer shell");
  });
});
