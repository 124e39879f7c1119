import type { Clock } from "../base/clock.ts";

const SLOTS = 61;

/** A sum over the last minute that never goes above a limit. */
export type MinuteCount = {
  /** Adds to the sum, unless it would go above the limit then. */
  add(amount: number): boolean;
  /** What can still be added now. */
  left(): number;
};

/** Counts in slots of a second; in no minute is more added than `most`. */
export function makeMinuteCount(most: number, clock: Clock): MinuteCount {
  const slots = new Array<number>(SLOTS).fill(0);
  let sum = 0;
  let last = secondOf(clock);
  const forget = (): void => {
    const now = Math.max(last, secondOf(clock));
    for (let second = last + 1; second <= Math.min(now, last + SLOTS); second++) {
      sum -= slots[second % SLOTS] ?? 0;
      slots[second % SLOTS] = 0;
    }
    last = now;
  };
  return {
    add: (amount) => {
      forget();
      if (sum + amount > most) return false;
      sum += amount;
      slots[last % SLOTS] = (slots[last % SLOTS] ?? 0) + amount;
      return true;
    },
    left: () => {
      forget();
      return most - sum;
    },
  };
}

function secondOf(clock: Clock): number {
  return Math.floor(clock.now().getTime() / 1000);
}
