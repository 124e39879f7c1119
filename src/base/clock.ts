/** The time, handed down so that tests can set it. */
export type Clock = { readonly now: () => Date };

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() };
