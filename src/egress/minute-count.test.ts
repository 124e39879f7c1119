import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeMinuteCount } from "./minute-count.ts";

describe("a count over a minute", () => {
  test("is full when it is, and empties as time goes by", () => {
    let now = 5_000;
    const count = makeMinuteCount(10, { now: () => new Date(now) });
    expect([count.add(6), count.add(5), count.add(4), count.add(1)]).toEqual([true, false, true, false]);
    now += 59_000;
    expect([count.left(), count.add(1)]).toEqual([0, false]);
    now += 2_000;
    expect([count.left(), count.add(10), count.add(1)]).toEqual([10, true, false]);
    now += 3_600_000;
    expect(count.left()).toBe(10);
    now -= 7_200_000; // a clock that is set back gives nothing away
    expect([count.add(10), count.add(1)]).toEqual([true, false]);
  });

  test("lets no more through in any minute, whenever it is asked", () => {
    const steps = fc.array(fc.record({ wait: fc.nat(40_000), amount: fc.nat(8) }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), steps, (most, asked) => {
        let now = 0;
        const count = makeMinuteCount(most, { now: () => new Date(now) });
        const added: { at: number; amount: number }[] = [];
        for (const { wait, amount } of asked) {
          now += wait;
          if (count.add(amount)) added.push({ at: now, amount });
          const minute = added.filter(({ at }) => at > now - 60_000);
          expect(minute.reduce((sum, one) => sum + one.amount, 0)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
