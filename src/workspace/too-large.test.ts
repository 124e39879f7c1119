import { expect, test } from "vitest";
import { describeTooLarge } from "./too-large.ts";

const small = { files: 50_000, bytes: 400_000_000, historyBytes: 100_000_000, truncated: false };

test("what is within the limits is not described", () => expect(describeTooLarge(small)).toBeUndefined());

test("too many files, too many bytes and an unfinished count are", () => {
  expect(describeTooLarge({ ...small, files: 50_001 })).toBe("50,001 files, 400 MB and 100 MB of history");
  expect(describeTooLarge({ ...small, bytes: 500_000_001, historyBytes: 0 })).toBe("50,000 files, 501 MB");
  expect(describeTooLarge({ ...small, historyBytes: 100_000_001 })).toContain("history");
  expect(describeTooLarge({ ...small, historyBytes: 0, truncated: true })).toBe("more than 50,000 files, 400 MB");
});
