import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Problem } from "./problem.ts";
import { renderProblems } from "./render-problems.ts";

const PROBLEM: Problem = {
  severity: "error",
  file: "/home/ada/.bot-bottle/bottles/dev.md",
  line: 2,
  column: 1,
  code: "manifest/unknown-key",
  message: 'unknown key "egres"',
  hint: 'did you mean "egress"?',
};

describe("renderProblems", () => {
  test("shows the place, the line, a caret and the hint", () => {
    const texts = new Map([[PROBLEM.file, "---\negres: {}\n---\n"]]);
    expect(renderProblems([PROBLEM], texts)).toBe(
      [
        '/home/ada/.bot-bottle/bottles/dev.md:2:1: error[manifest/unknown-key] unknown key "egres"',
        "  2 | egres: …",
        "    | ^",
        '  hint: did you mean "egress"?',
        "",
      ].join("\n"),
    );
  });

  test("a problem without a text or a hint is one line", () => {
    expect(renderProblems([{ ...PROBLEM, severity: "warning", hint: undefined }], new Map())).toBe(
      '/home/ada/.bot-bottle/bottles/dev.md:2:1: warning[manifest/unknown-key] unknown key "egres"\n',
    );
  });

  test("a long line is cut around the column", () => {
    const texts = new Map([[PROBLEM.file, `---\n${"a".repeat(500)}X${"b".repeat(500)}\n`]]);
    const [, excerpt = "", caret = ""] = renderProblems(
      [{ ...PROBLEM, code: "manifest/bad-host", column: 501 }],
      texts,
    ).split("\n");
    expect(excerpt.length).toBeLessThan(140);
    expect(excerpt[caret.indexOf("^")]).toBe("X");
  });

  test("a file with thousands of problems shows a hundred, and says how many more there are", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...PROBLEM, line: index + 1 }));
    const other = { ...PROBLEM, file: "/other.md" };
    const rendered = renderProblems([...many, other], new Map());
    expect(rendered.split("error[").length - 1).toBe(101);
    expect(rendered).toContain(`${PROBLEM.file}: and 900 more\n`);
    expect(rendered).toContain("/other.md:2:1: error");
  });

  test("colour is the caller's business", () => {
    const style = { error: (text: string) => `<${text}>`, warning: String, faint: String };
    expect(renderProblems([PROBLEM], new Map(), style)).toContain("<error[manifest/unknown-key]>");
  });

  test("nothing that a file or its name holds reaches the terminal as a command", () => {
    const nasty = fc.constantFrom(
      "\x1b",
      "\x9b",
      "\r",
      "\u202e",
      "\u2028",
      "\u0007",
      "\ud800",
      "a",
      " ",
      "\t",
      "é",
      "🙂",
    );
    const text = fc.array(nasty, { minLength: 1, maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, text, (file, message, line) => {
        const problem = { ...PROBLEM, file, message, hint: message, column: 1 };
        const rendered = renderProblems([problem], new Map([[file, `---\n${line}\n`]]));
        expect(rendered.replaceAll("\n", "")).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });
});
