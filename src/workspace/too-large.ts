import type { WorkspaceSurvey } from "./survey.ts";

/** Most bytes that are copied without being asked for, history included. */
const MAX_UNASKED_BYTES = 500_000_000;

/** Most files that are copied without being asked for. */
const MAX_UNASKED_FILES = 50_000;

/** How large the workspace is, when that is more than is copied without being asked for. */
export function describeTooLarge(
  survey: Pick<WorkspaceSurvey, "files" | "bytes" | "historyBytes" | "truncated">,
): string | undefined {
  const bytes = survey.bytes + survey.historyBytes;
  if (!survey.truncated && bytes <= MAX_UNASKED_BYTES && survey.files <= MAX_UNASKED_FILES) return undefined;
  const more = survey.truncated ? "more than " : "";
  const history = survey.historyBytes > 0 ? ` and ${megabytes(survey.historyBytes)} of history` : "";
  return `${more}${survey.files.toLocaleString("en")} files, ${megabytes(survey.bytes)}${history}`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString("en")} MB`;
}
