import type { Change } from "./new-content.ts";

/** A file that makes some machine run something, or fetch from somewhere, once it is pushed or checked out. */
export type RunFile = { readonly commit: string; readonly path: string; readonly blob: string; readonly what: string };

const KINDS: readonly { readonly path: RegExp; readonly what: string }[] = [
  { path: /^\.(github|gitea|forgejo)\/(workflows|actions)\//i, what: "runs in CI" },
  { path: /(^|\/)action\.ya?ml$/i, what: "runs in CI" },
  { path: /^\.(gitlab-ci|travis|drone|woodpecker|appveyor|cirrus)\.ya?ml$/i, what: "runs in CI" },
  { path: /^\.(circleci|buildkite|woodpecker|semaphore|gitlab\/ci)\//i, what: "runs in CI" },
  { path: /^(azure-pipelines|bitbucket-pipelines|appveyor|cloudbuild|codefresh|wercker)\.ya?ml$/i, what: "runs in CI" },
  { path: /(^|\/)(jenkinsfile|\.teamcity\/)/i, what: "runs in CI" },
  { path: /(^|\/)\.gitattributes$/i, what: "may name filters that git runs" },
  { path: /(^|\/)\.gitmodules$/i, what: "names repositories that git fetches" },
  { path: /(^|\/)\.(husky|githooks)\//i, what: "runs as a git hook" },
  { path: /^\.pre-commit-config\.ya?ml$/i, what: "runs as a git hook" },
  {
    path: /(^|\/)(\.envrc|\.vscode\/(tasks|launch|settings)\.json|\.devcontainer\/|\.devcontainer\.json)/i,
    what: "runs when the folder is opened",
  },
];

/** The files among some changes that run somewhere; a file that is only removed runs nowhere. */
export function findRunFiles(changes: readonly Change[]): readonly RunFile[] {
  const found = new Map<string, RunFile>();
  for (const { path, commit, blob } of changes) {
    if (/^0*$/.test(blob)) continue;
    const kind = KINDS.find((one) => one.path.test(path));
    if (kind !== undefined) found.set(path, { commit, path, blob, what: kind.what });
  }
  return [...found.values()];
}
