import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";
import { duration, size } from "./written/parts.ts";

describe("parseSize", () => {
  test.each([
    ["1k", 1024],
    ["512m", 536_870_912],
    ["2g", 2_147_483_648],
    ["2G", 2_147_483_648],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "2", "g", "0g", "-1g", "1.5g", "2 g", "2gb", "1t", "1e3m", "01g", "1234567g", " 2g", "2g\n"])(
    "%j is no size",
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

describe("parseDuration", () => {
  test.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["", "30", "m", "0m", "1h30m", "2H", "1.5h", "-1m", "1w", "2h\n"])("%j is no time", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("the shape and the parser", () => {
  const near = fc.oneof(fc.string({ maxLength: 9 }), fc.stringMatching(/^[0-9]{1,7}[kmgsdhKMGtx]?$/));

  test("accept the same texts, so that no limit is lost between them", () => {
    const sizeShape = size("");
    const durationShape = duration("");
    fc.assert(
      fc.property(near, (text) => {
        const bytes = parseSize(text);
        const ms = parseDuration(text);
        expect(sizeShape.safeParse(text).success).toBe(bytes !== undefined);
        expect(durationShape.safeParse(text).success).toBe(ms !== undefined);
        for (const value of [bytes, ms]) if (value !== undefined) expect(Number.isSafeInteger(value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
