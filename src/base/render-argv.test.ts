import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderArgv } from "./render-argv.ts";

test.each([
  [["make", "-j2", "a=b"], "make -j2 a=b"],
  [["echo", "", "it's $HOME"], "echo '' 'it'\\''s $HOME'"],
  [[], ""],
])("%j", (argv, text) => {
  expect(renderArgv(argv)).toBe(text);
});

test("a shell reads back the words that were written", () => {
  const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (argv) => {
      const script = `printf '%s\\0' ${renderArgv(argv)}`;
      expect(execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" })).toBe(`${argv.join("\0")}\0`);
    }),
    { numRuns: 30 },
  );
});
