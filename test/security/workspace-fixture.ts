import { execFileSync, type StdioOptions } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makePaths } from "../../src/base/paths.ts";
import { run } from "../../src/base/process.ts";
import { type CopyOptions, copyWorkspace } from "../../src/workspace/copy-workspace.ts";
import { type SurveyInput, surveyWorkspace } from "../../src/workspace/survey-workspace.ts";

const ORDINARY_UID = 61_234;

/** Whether the tests may become somebody else. */
export const isRoot = process.getuid?.() === 0;

/** Those on whose behalf every claim is tried: root and an ordinary user, or just the latter when that is who we are. */
export const callers: readonly { readonly who: string; readonly uid: number }[] = isRoot
  ? [
      { who: "root", uid: 0 },
      { who: "an ordinary user", uid: ORDINARY_UID },
    ]
  : [{ who: "an ordinary user", uid: process.getuid?.() ?? ORDINARY_UID }];

/** Runs `work` with the rights of `uid` and a new folder of that user, which is removed afterwards. */
export async function as(uid: number, work: (folder: string) => Promise<void>): Promise<void> {
  const before = process.getuid?.() ?? uid;
  if (before !== uid) become(uid);
  try {
    const folder = realpathSync(mkdtempSync("/tmp/bottle-test-"));
    try {
      await work(folder);
    } finally {
      if (before !== uid) become(before);
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    if (process.geteuid?.() !== before) become(before);
  }
}

function become(uid: number): void {
  if (uid === 0) process.seteuid?.(0);
  process.setegid?.(uid);
  process.setgroups?.(uid === 0 ? [0] : []);
  if (uid !== 0) process.seteuid?.(uid);
}

const GIT_ENV = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

/** Runs git as a person would, and returns what it prints. */
export function git(folder: string, ...args: readonly string[]): string {
  const trust = ["-c", "safe.directory=*", "-c", "protocol.file.allow=always"];
  const uid = process.geteuid?.() ?? 0;
  const borrowed = uid !== process.getuid?.();
  // a shell that git starts would go back to the real uid: the child must have no other
  if (borrowed) become(0);
  try {
    const who = borrowed ? { uid, gid: uid } : {};
    const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
    return execFileSync("git", [...trust, "-C", folder, ...args], { env: GIT_ENV, ...who, stdio }).toString();
  } finally {
    if (borrowed) become(uid);
  }
}

/** Writes files, and the folders they are in. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A new repository with one commit of these files. */
export function makeRepository(
  folder: string,
  files: Readonly<Record<string, string>>,
  ...init: readonly string[]
): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "-q", "-b", "main", ...init);
  write(folder, files);
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "first");
  return folder;
}

/** Surveys a folder for a caller. */
export function survey(
  folder: string,
  uid: number,
  more: Partial<Omit<SurveyInput, "rules">> & { exclude?: string[]; include?: string[] } = {},
) {
  const { exclude = [], include = [], ...rest } = more;
  return surveyWorkspace({
    folder,
    userHome: "/nonexistent",
    paths: makePaths({}, "/nonexistent"),
    rules: { mode: "copy", exclude, include },
    run,
    uid,
    ...rest,
  });
}

/** Surveys and copies a folder for a caller; returns where the copy is. */
export async function copy(
  folder: string,
  target: string,
  uid: number,
  more: Partial<CopyOptions> & { readonly include?: string[] } = {},
): Promise<string> {
  const { include = [], ...options } = more;
  const found = await survey(folder, uid, { include });
  await copyWorkspace(found, target, { run, uid, ...options });
  return target;
}

/** Paths of all files and links below a folder, without `.git` unless told. */
export function filesOf(folder: string, below = "", withGit = false): readonly string[] {
  return readdirSync(join(folder, below)).flatMap((name) => {
    const path = below === "" ? name : `${below}/${name}`;
    if (name === ".git" && below === "" && !withGit) return [];
    return lstatSync(join(folder, path)).isDirectory() ? filesOf(folder, path, withGit) : [path];
  });
}

/** Everything a copy holds, objects decompressed, as one text. */
export function everythingIn(copied: string): string {
  const files = filesOf(copied, "", true);
  const plain = files
    .filter((name) => lstatSync(join(copied, name)).isFile())
    .map((name) => readFileSync(join(copied, name), "latin1"));
  const ids = git(copied, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    .trim()
    .split("\n");
  const objects = ids.filter(Boolean).map((line) => git(copied, "cat-file", "-p", line.split(" ")[1] ?? ""));
  return [...files, ...plain, ...objects].join("\n");
}
