import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { coverInheritedFds, listInheritedFds, parseInherited } from "./inherited-fds.ts";

test("flags tell whether a descriptor survives an exec", () => {
  expect(parseInherited("pos:\t0\nflags:\t02100000\nmnt_id:\t25\n")).toBe(false);
  expect(parseInherited("pos:\t0\nflags:\t0100000\nmnt_id:\t25\n")).toBe(true);
  expect(parseInherited("pos:\t0\nflags:\t02\n")).toBe(true);
  expect(parseInherited("")).toBe(true);
});

test("every inherited descriptor is covered and the rest stays as asked", () => {
  expect(coverInheritedFds(["pipe", "pipe", 9], [], 7)).toEqual(["pipe", "pipe", 9]);
  expect(coverInheritedFds(["pipe", "pipe", "pipe"], [3, 5], 7)).toEqual(["pipe", "pipe", "pipe", 7, "ignore", 7]);
  expect(coverInheritedFds(["pipe", "pipe", "pipe", "pipe"], [3], 7)).toEqual(["pipe", "pipe", "pipe", "pipe"]);
  expect(() => coverInheritedFds(["pipe"], [100_000], 7)).toThrow(/100000/);
});

test("what Node opens itself is not inherited", () => {
  const before = listInheritedFds();
  const fd = openSync("/dev/null", "r");
  try {
    expect(listInheritedFds()).toEqual(before);
  } finally {
    closeSync(fd);
  }
});
