import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Slug } from "../base/ids.ts";
import { parseSlug } from "../base/ids.ts";
import { type ChainEnd, extendChain, makeEmptyChain, makeEntry, renderLine, sha256 } from "./chain.ts";
import type { JournalEvent } from "./event.ts";
import { verifyChain } from "./verify-chain.ts";

const slug = makeSlug("dev-ab0de");
const time = new Date("2026-01-02T03:04:05.678Z");

function makeSlug(text: string): Slug {
  const found = parseSlug(text);
  if (found === undefined) throw new Error(text);
  return found;
}

function makeLines(events: readonly JournalEvent[], of = slug): { lines: string[]; end: ChainEnd } {
  let end = makeEmptyChain(of);
  const lines = events.map((event) => {
    const entry = makeEntry(end, time, event);
    end = extendChain(entry);
    return renderLine(entry);
  });
  return { lines, end };
}

const cleaned = (what: string): JournalEvent => ({ kind: "cleaned", what });
const five = makeLines(["a", "b", "c", "d", "e"].map(cleaned));
const verify = (lines: readonly string[], end?: ChainEnd) => verifyChain(lines, { slug, end });

describe("makeEntry", () => {
  test("a line is pinned, so that journals of today are read tomorrow", () => {
    expect(makeLines([{ kind: "exit", code: 3, signal: undefined, ms: 12 }]).lines).toEqual([
      '{"event":{"code":3,"kind":"exit","ms":12},"hash":"' +
        sha256(
          `{"event":{"code":3,"kind":"exit","ms":12},"prev":"${sha256("dev-ab0de")}","seq":0,"time":"2026-01-02T03:04:05.678Z"}`,
        ) +
        `","prev":"${sha256("dev-ab0de")}","seq":0,"time":"2026-01-02T03:04:05.678Z"}`,
    ]);
  });
});

describe("verifyChain", () => {
  test("what was written is intact, also when nothing was", () => {
    expect(verify(five.lines, five.end)).toEqual({ kind: "intact", end: five.end });
    expect(verify([])).toEqual({ kind: "intact", end: makeEmptyChain(slug) });
  });

  test.each([
    ["a changed word", five.lines.with(2, five.lines[2]?.replace('"c"', '"x"') ?? ""), 3, "changed"],
    ["an added space", five.lines.with(2, `${five.lines[2]} `), 3, "changed"],
    ["a line that is no JSON", five.lines.with(2, "{"), 3, "changed"],
    ["an empty line", five.lines.toSpliced(2, 0, ""), 3, "changed"],
    ["a removed line", five.lines.toSpliced(2, 1), 3, "removed"],
    ["a removed first line", five.lines.slice(1), 1, "removed"],
    ["two lines swapped", five.lines.with(2, five.lines[3] ?? "").with(3, five.lines[2] ?? ""), 3, "reordered"],
    ["a line twice", five.lines.toSpliced(2, 0, five.lines[1] ?? ""), 3, "reordered"],
    ["a tail that is gone", five.lines.slice(0, 3), 4, "truncated"],
    ["everything gone", [], 1, "truncated"],
    ["the journal of another bottle", makeLines([cleaned("a")], makeSlug("dev-zzzzz")).lines, 1, "other-bottle"],
    [
      "a line rewritten with a hash of its own",
      five.lines.with(1, makeLines(["a", "x"].map(cleaned)).lines[1] ?? ""),
      3,
      "changed",
    ],
    ["everything rewritten", makeLines(["a", "b", "c", "d", "x"].map(cleaned)).lines, 5, "changed"],
  ])("%s breaks it", (_what, lines, line, why) => {
    expect(verify(lines, five.end)).toMatchObject({ kind: "broken", line, why });
  });

  test("a half-written last line is told apart, and is fine once it is explained", () => {
    const half = five.lines[4]?.slice(0, 40) ?? "";
    const before = makeLines(["a", "b", "c", "d"].map(cleaned));
    const lines = [...before.lines, half];
    expect(verify(lines)).toEqual({ kind: "torn", line: 5, end: before.end });
    const note = makeEntry(before.end, time, { kind: "torn", bytes: half.length, sha256: sha256(half) });
    expect(verify([...lines, renderLine(note)])).toEqual({ kind: "intact", end: extendChain(note) });
    expect(verify([...lines.with(4, `${half}x`), renderLine(note)])).toMatchObject({ kind: "broken", line: 5 });
    expect(verify([...before.lines, renderLine(note)])).toMatchObject({ kind: "broken", line: 5, why: "removed" });
  });

  test("changing any one character of any line but the last is found at that line", () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (line, at, character) => {
        const text = five.lines[line] ?? "";
        const position = at % text.length;
        fc.pre(text[position] !== character);
        const changed = text.slice(0, position) + character + text.slice(position + 1);
        expect(verify(five.lines.with(line, changed), five.end)).toMatchObject({ kind: "broken", line: line + 1 });
      }),
    );
  });

  test("cutting a line short anywhere is torn", () => {
    const last = five.lines[4] ?? "";
    fc.assert(
      fc.property(fc.integer({ min: 1, max: last.length - 1 }), (length) => {
        expect(verify(five.lines.with(4, last.slice(0, length)))).toMatchObject({ kind: "torn", line: 5 });
      }),
    );
  });
});
