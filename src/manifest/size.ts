const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The bytes that a size such as `512m` or `2g` stands for, or undefined if the text is not a size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^([1-9][0-9]{0,5})([kmg])$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toLowerCase()];
  return factor === undefined ? undefined : Number(digits) * factor;
}
