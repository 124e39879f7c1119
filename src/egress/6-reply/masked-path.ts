const LONG_RUN = /[A-Za-z0-9_~+=%-]{24,}/g;
const MAX_LENGTH = 200;

/** A path as the journal keeps it: no query, parts that could be keys replaced by their length, nothing endless. */
export function maskPath(path: string): string {
  const [bare = ""] = path.split("?", 1);
  const masked = maskRuns(bare);
  return masked.length <= MAX_LENGTH ? masked : `${masked.slice(0, MAX_LENGTH)}…`;
}

/** A text with every part that could be a key replaced by its length. */
export function maskRuns(text: string): string {
  return text.replace(LONG_RUN, (run) => (/[0-9]/.test(run) && /[A-Za-z]/.test(run) ? `[${run.length}]` : run));
}
