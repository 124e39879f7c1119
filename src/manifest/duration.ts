const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest time a timer can wait, `ms`; beyond it Node would fire at once. */
export const LONGEST_DURATION_MS = 2 ** 31 - 1;

/** The milliseconds that a time such as `30m` or `2h` stands for, or undefined if the text is not a time. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
}
