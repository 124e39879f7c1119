import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OPERATORS, OUTER, openStartPane, prompted, type StartPane, startShell } from "../fixtures/start-pane.ts";

/** What a terminal obeys or answers: each of these would act on the operator, or type into the shell that comes after. */
const ACTS = [
  "\x1b]2;evil\x07\x1b]0;evil\x07\x1b]2;evil\x1b\\\x1bkevil\x1b\\", // titles, of pane and window
  "\x1b]52;c;aGVsbG8=\x07\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\", // the clipboard, also past a multiplexer
  "\x9d2;evil\x9c\x9d52;c;aGVsbG8=\x9c", // the same, by the controls of eight bits
];
const ASKS =
  "\x05\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x1b[21t\x1b[18t\x1b[c\x1b[>c\x1b[6n\x1b[5n\x1b]10;?\x07\x1b]11;?\x1b\\";

let pane: StartPane;

describe.each(OPERATORS)("as $name: what a bottle prints cannot act on the operator", (operator) => {
  let title: string;

  beforeEach(async () => {
    pane = await openStartPane(operator);
    const file = join(pane.repository, "attack");
    writeFileSync(file, `${ACTS.join("")}${ASKS}\n`, "latin1");
    chownSync(file, operator.uid, operator.uid);
    pane.run("set-option", "-s", "set-clipboard", "on");
    pane.run("set-option", "-g", "allow-passthrough", "on");
    pane.run("set-option", "-g", "allow-rename", "on");
    title = pane.ask("#{pane_title}");
  });

  afterEach(async () => {
    await pane.remove();
  });

  /** The outer shell has nothing typed into it, and neither title nor clipboard were changed. */
  async function untouched(): Promise<void> {
    await pane.until(
      (screen) => /code=0$/m.test(screen) && prompted(OUTER)(screen),
      "an empty prompt of the outer shell",
    );
    // An answer that comes late would stand before this line and spoil it.
    pane.line("clear; echo un'touched'");
    await pane.until((seen) => seen.trim() === `untouched\n${OUTER}`, "a line that is read whole");
    expect(pane.ask("#{pane_title}")).toBe(title);
    expect(pane.ask("#{window_name}")).not.toContain("evil");
    expect(() => pane.run("show-buffer")).toThrow(/no buffers/);
  }

  test("from an interactive bottle, also when it ends with questions still open", async () => {
    await startShell(pane, "--yes; echo code=$?");
    pane.line("clear; cat attack; exec cat attack");
    await untouched();
  });

  test("from a headless one on a terminal", async () => {
    pane.line("clear; bottle start --headless -- cat attack; echo code=$?");
    await untouched();
  });

  test("the same bytes without a bottle do act", async () => {
    pane.line("clear; cat attack");
    await pane.until((screen) => prompted(OUTER)(screen) === false && /;2c|0n/.test(screen), "answers that are typed");
    expect(pane.ask("#{pane_title}")).toBe("evil");
    expect(pane.run("show-buffer")).toBe("hello");
  });
});
