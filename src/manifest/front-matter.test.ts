import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitFrontMatter } from "./front-matter.ts";

describe("splitFrontMatter", () => {
  test("takes the head and the body apart", () => {
    expect(splitFrontMatter("---\nenv: {}\n---\n# Title\n")).toEqual({
      kind: "head",
      head: "env: {}\n",
      headLine: 2,
      body: "# Title\n",
    });
  });

  test("an empty head is a head", () => {
    expect(splitFrontMatter("---\n---")).toEqual({ kind: "head", head: "", headLine: 2, body: "" });
  });

  test("a byte order mark, CRLF and white space behind the dashes change nothing", () => {
    expect(splitFrontMatter("\uFEFF--- \r\na: 1\r\n---\t\r\nbody\r\n")).toEqual({
      kind: "head",
      head: "a: 1\r\n",
      headLine: 2,
      body: "body\r\n",
    });
  });

  test.each(["", "\n", "# Title\n", "---js\nmodule.exports = {}\n---\n", "----\n---\n", " ---\n---\n", "\n---\n---\n"])(
    "%j has no head",
    (text) => {
      expect(splitFrontMatter(text)).toEqual({ kind: "no-head" });
    },
  );

  test.each(["---", "---\n", "---\na: 1\n", "---\na: |\n  ---\n", "---\na: 1\n--- b\n"])("%j does not end", (text) => {
    expect(splitFrontMatter(text)).toEqual({ kind: "unterminated" });
  });

  test("what was put together comes apart as it was, whatever the body holds", () => {
    const line = fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n]/g, " "));
    const headLine = line.filter((text) => !/^---[ \t]*$/.test(text));
    fc.assert(
      fc.property(fc.array(headLine), fc.array(line), fc.constantFrom("\n", "\r\n"), (head, body, end) => {
        const headText = head.map((one) => one + end).join("");
        const bodyText = body.join(end);
        expect(splitFrontMatter(`---${end}${headText}---${end}${bodyText}`)).toEqual({
          kind: "head",
          head: headText,
          headLine: 2,
          body: bodyText,
        });
      }),
    );
  });

  test("any text is taken apart without a crash", () => {
    const text = fc.array(fc.constantFrom("---", "\n", "\r", "\uFEFF", "a", " ", ":")).map((parts) => parts.join(""));
    fc.assert(fc.property(text, (any) => void splitFrontMatter(any)));
  });
});
