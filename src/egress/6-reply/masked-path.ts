const LONG_RUN = /[A-Za-z0-9_~+=%-]{24,}/g;
const MAX_LENGTH = 200;

/** A path as the journal keeps it: no query, parts that could be keys replaced by their length, nothing endless. */
export function maskPath(path: string): string {
  const [bare = ""] = path.split("?", 1);
  const masked = bare.replace(LONG_RUN, (run) => (/[0-9]/.test(run) && /[A-Za-z]/.test(run) ? `[${run.length}]` : run));
  return masked.length <= MAX_LENGTH ? masked : `${masked.slice(0, MAX_LENGTH)}…`;
}
