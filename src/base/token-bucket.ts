import type { Clock } from "./clock.ts";

/** A limit on how often something may happen. */
export type TokenBucket = {
  /** Whether it may happen now; if so it counts. */
  take(): boolean;
};

/** Allows `burst` at once and `perSecond` in the long run. */
export function makeTokenBucket(
  limit: { readonly burst: number; readonly perSecond: number },
  clock: Clock,
): TokenBucket {
  let tokens = limit.burst;
  let last = clock.now().getTime();
  return {
    take: () => {
      const now = clock.now().getTime();
      tokens = Math.min(limit.burst, tokens + (Math.max(0, now - last) / 1000) * limit.perSecond);
      last = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
