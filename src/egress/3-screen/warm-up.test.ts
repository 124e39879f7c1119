import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { makeSearch } from "./search.ts";
import { warmUp } from "./warm-up.ts";

test("it searches here and on the thread, and finds nothing in what it searches", async () => {
  const search = makeSearch([{ name: "KEY", value: "a-value-that-is-long-enough" }], []);
  const searched: { readonly length: number; readonly found: number }[] = [];
  warmUp(async (bytes) => {
    const findings = await search.find(bytes, ["known", "tokens", "payment", "entropy"]);
    searched.push({ length: bytes.length, found: findings.length });
  });
  await vi.waitFor(() => expect(searched).toHaveLength(4), 15_000);
  expect(searched[0]?.length).toBeLessThan(32 * 1024);
  expect(searched.slice(1).every(({ length }) => length > 32 * 1024)).toBe(true);
  expect(searched.map(({ found }) => found)).toEqual([0, 0, 0, 0]);
  await search.close();
});

test("called off, it does not begin; a failure is nobody's", async () => {
  const scan = vi.fn(async () => {
    throw new Error("closed");
  });
  warmUp(scan)();
  await sleep(100);
  expect(scan).not.toHaveBeenCalled();
  warmUp(scan);
  await vi.waitFor(() => expect(scan).toHaveBeenCalledTimes(1));
});
