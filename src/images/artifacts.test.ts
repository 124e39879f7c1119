import { describe, expect, test } from "vitest";
import { type Artifact, selectPrunable } from "./artifacts.ts";

const NOW = new Date("2026-01-31T00:00:00Z");
const made = (image: string, days: number, bytes: number): Artifact => ({
  path: `/${image}`,
  image,
  bytes,
  used: new Date(NOW.getTime() - days * 24 * 3600 * 1000),
});
const ARTIFACTS = [made("a", 1, 10), made("b", 10, 20), made("c", 20, 30)];
const RULES = { images: new Set(["a", "b", "c"]), all: false, olderThanMs: undefined, keepBytes: undefined };

describe("what is removed of what was made for machines", () => {
  test.each([
    ["nothing while its image is there", {}, ""],
    ["what has no image any more", { images: new Set(["a", "c"]) }, "b"],
    ["nothing on that ground where no engine can be asked", { images: undefined }, ""],
    ["what is old", { olderThanMs: 5 * 24 * 3600 * 1000 }, "bc"],
    ["the least recently used above a size", { keepBytes: 30 }, "c"],
    ["all above nothing", { keepBytes: 0 }, "abc"],
    ["all", { all: true }, "abc"],
  ])("%s", (_what, more, gone) => {
    expect(
      selectPrunable(ARTIFACTS, { ...RULES, ...more }, NOW)
        .map(({ image }) => image)
        .join(""),
    ).toBe(gone);
  });
});
