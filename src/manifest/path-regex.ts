/** A path rule's expression, or undefined if it does not compile; the whole path must match, Unicode rules apply. */
export function parsePathRegex(text: string): RegExp | undefined {
  try {
    // Alone first: `a)|(b` would compile only because of the group around it.
    new RegExp(text, "u");
    return new RegExp(`^(?:${text})$`, "u");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
