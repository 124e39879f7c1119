/** What rules have made sure of. A limit or credential that gets lost on the way must be a bug, never a default. */
export function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a manifest was resolved although a rule had refused it");
  return value;
}
