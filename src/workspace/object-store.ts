import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { readInside } from "./open-inside.ts";

/** What a bottle's `workspace.include` names so that history may come from another repository too. */
export const ALTERNATES = ".git/objects/info/alternates";

/**
 * Throws `workspace/not-allowed` unless all objects of a repository are its own. Git follows links among them, and whatever
 * its `alternates` name: whoever prepared the folder could have history of any repository of this user copied by its id.
 */
export function requireOwnObjects(commonDir: string, mayBorrow: boolean): void {
  const folders = linkless(commonDir, "objects");
  for (const { name } of folders) linkless(commonDir, `objects/${name}`);
  const lender = mayBorrow ? undefined : readLenders(commonDir)[0];
  if (lender === undefined) return;
  throw new BottleError("workspace/not-allowed", `the repository takes part of its history from ${lender}`, {
    hint: `\`git repack -a -d\`, then remove ${commonDir}/objects/info/alternates; or name ${ALTERNATES} in \`workspace.include\``,
  });
}

/** The folders in a folder in which nothing is a link. */
function linkless(commonDir: string, folder: string): readonly Dirent[] {
  const entries = entriesOf(join(commonDir, folder));
  const link = entries.find((entry) => entry.isSymbolicLink());
  if (link === undefined) return entries.filter((entry) => entry.isDirectory());
  throw new BottleError("workspace/not-allowed", `${join(commonDir, folder, link.name)} is a link`, {
    hint: "git never makes one there: `git clone` the repository to a folder of its own and start there",
  });
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return []; // git, which runs as its owner, finds out what is wrong with it
  }
}

function readLenders(commonDir: string): readonly string[] {
  const text = readInside(commonDir, "objects/info/alternates")?.toString("utf8") ?? "";
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}
