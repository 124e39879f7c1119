import { expect, test } from "vitest";
import { pruneFaults } from "./prune-faults.ts";

const VALUE = { a: 1, map: { b: 2, c: { d: 3 } }, list: [{ e: 4 }, { e: 5 }] };

test("takes away what is at fault, and lists as a whole", () => {
  const faults = [{ path: ["a"] }, { path: ["map"], keys: ["b", "gone"] }, { path: ["list", 1, "e"] }];
  expect(pruneFaults(VALUE, faults, 0)).toEqual({ map: { c: { d: 3 } } });
});

test("goes further out when told, but never beyond the keys at the top", () => {
  expect(pruneFaults(VALUE, [{ path: ["map", "c", "missing"] }], 0)).toEqual(VALUE);
  expect(pruneFaults(VALUE, [{ path: ["map", "c", "missing"] }], 1)).toEqual({ ...VALUE, map: { b: 2 } });
  expect(pruneFaults(VALUE, [{ path: ["map", "c", "missing"] }], 9)).toEqual({ a: 1, list: VALUE.list });
});

test("leaves the value itself as it was, and what is no map alone", () => {
  const before = structuredClone(VALUE);
  pruneFaults(VALUE, [{ path: ["map"] }], 0);
  expect(VALUE).toEqual(before);
  expect(pruneFaults("text", [{ path: [] }], 0)).toBe("text");
});
