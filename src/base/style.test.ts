import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { colorStyle, makeStyle, plainStyle, type Tone } from "./style.ts";

const terminal = { isTTY: true };
const pipe = { isTTY: false };

describe("makeStyle", () => {
  test.each([
    [terminal, {}, colorStyle],
    [pipe, {}, plainStyle],
    [terminal, { NO_COLOR: "1" }, plainStyle],
    [terminal, { NO_COLOR: "" }, colorStyle],
    [terminal, { TERM: "dumb" }, plainStyle],
    [pipe, { FORCE_COLOR: "1" }, colorStyle],
    [terminal, { FORCE_COLOR: "0" }, plainStyle],
    [terminal, { FORCE_COLOR: "1", NO_COLOR: "1" }, colorStyle],
  ])("%#: terminal and environment decide", (output, env, style) => {
    expect(makeStyle(output, env)).toBe(style);
  });
});

describe("colorStyle", () => {
  const tones: readonly Tone[] = ["plain", "strong", "faint", "good", "careful", "bad", "name"];
  test.each(tones)("%s adds escapes around the text and nothing else", (tone) => {
    expect(stripVTControlCharacters(colorStyle(tone, "text"))).toBe("text");
  });

  test("a tone is visible although the test has no terminal", () => {
    expect(colorStyle("bad", "text")).toBe("\u001b[31mtext\u001b[39m");
    expect(colorStyle("plain", "text")).toBe("text");
  });
});
