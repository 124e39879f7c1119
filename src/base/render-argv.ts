const HARMLESS = /^[\w@%+=:,./-]+$/;

/** A command as one would type it into a shell, each word quoted where it must be. */
export function renderArgv(argv: readonly string[]): string {
  return argv.map((word) => (HARMLESS.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
