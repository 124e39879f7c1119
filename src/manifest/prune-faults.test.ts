import { expect, test } from "vitest";
import { pruneFaults } from "./prune-faults.ts";

const VALUE = { a: 1, map: { b: 2, c: { d: 3 } }, list: [{ e: 4 }, { e: 5 }] };

test("takes away what is at fault", () => {
  const faults = [{ path: ["a"] }, { path: ["map"], keys: ["b"] }, { path: ["list", 1, "e"] }];
  expect(pruneFaults(VALUE, faults)).toEqual({ map: { c: { d: 3 } }, list: [{ e: 4 }, {}] });
});

test("where something is missing, takes away the map that misses it", () => {
  expect(pruneFaults(VALUE, [{ path: ["map", "c", "missing"] }])).toEqual({ ...VALUE, map: { b: 2 } });
});

test("a list stays as it is or goes as a whole, so that its entries keep their places", () => {
  expect(pruneFaults(VALUE, [{ path: ["list", 0] }])).toEqual({ a: 1, map: VALUE.map });
  expect(pruneFaults(VALUE, [{ path: ["list", 0, "missing"] }])).toEqual({ a: 1, map: VALUE.map });
});

test("leaves the value itself as it was, and what is no map alone", () => {
  const before = structuredClone(VALUE);
  pruneFaults(VALUE, [{ path: ["map"] }]);
  expect(VALUE).toEqual(before);
  expect(pruneFaults("text", [{ path: [] }])).toBe("text");
});
