import { readdirSync } from "node:fs";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import type { RepositoryFolders } from "./find-repository.ts";
import { readInside } from "./open-inside.ts";
import { isObjectId, isRefName, isTravellingRef } from "./ref-name.ts";
import { parseTreePath, systemPath } from "./tree-path.ts";

/** One ref; names and targets have one character per byte. */
export type Ref =
  | { readonly kind: "id"; readonly name: string; readonly id: string }
  | { readonly kind: "symbolic"; readonly name: string; readonly target: string };

/** What `HEAD` says: the branch that is checked out, born or not, or a commit. */
export type Head = {
  readonly branch: string | undefined;
  readonly ref: string | undefined;
  readonly id: string | undefined;
};

/** Reads `HEAD` of a work tree; throws `workspace/unreadable` when it says neither a branch nor a commit. */
export function readHead(repository: RepositoryFolders): Head {
  const text = readInside(repository.gitDir, "HEAD", 4096)?.toString("latin1").trimEnd() ?? "";
  const ref = /^ref:\s*(refs\/heads\/.+)$/.exec(text)?.[1];
  if (ref !== undefined && isRefName(ref)) {
    return { branch: Buffer.from(ref.slice("refs/heads/".length), "latin1").toString("utf8"), ref, id: undefined };
  }
  if (isObjectId(text)) return { branch: undefined, ref: undefined, id: text };
  throw new BottleError("workspace/unreadable", `HEAD of ${repository.gitDir} is neither a branch nor a commit`, {
    hint: "`git checkout <branch>` in the repository sets it again",
  });
}

/** Reads branches, tags and remote-tracking refs, and no others: no stash, no notes, nothing a tool keeps for itself. */
export function readRefs(repository: RepositoryFolders): readonly Ref[] {
  const refs = new Map<string, Ref>();
  const packed = readInside(repository.commonDir, "packed-refs", 256 * 1024 * 1024)?.toString("latin1") ?? "";
  for (const line of packed.split("\n")) {
    const [id = "", name = ""] = line.split(" ", 2);
    if (isObjectId(id) && isTravellingRef(name)) refs.set(name, { kind: "id", name, id });
  }
  for (const top of ["refs/heads", "refs/tags", "refs/remotes"]) {
    for (const ref of readLoose(repository.commonDir, top)) refs.set(ref.name, ref); // a loose ref hides a packed one
  }
  return [...refs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readLoose(commonDir: string, folder: string): readonly Ref[] {
  return listFolder(commonDir, folder).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return readLoose(commonDir, name);
    const ref = entry.isFile() ? readRef(commonDir, name) : undefined;
    return ref === undefined ? [] : [ref];
  });
}

function readRef(commonDir: string, name: string): Ref | undefined {
  if (!isTravellingRef(name)) return undefined;
  const text =
    readInside(commonDir, parseTreePath(Buffer.from(name, "latin1")), 4096)
      ?.toString("latin1")
      .trimEnd() ?? "";
  if (isObjectId(text)) return { kind: "id", name, id: text };
  const target = /^ref:\s*(.+)$/.exec(text)?.[1];
  return target !== undefined && isTravellingRef(target) ? { kind: "symbolic", name, target } : undefined;
}

function listFolder(commonDir: string, folder: string) {
  try {
    return readdirSync(systemPath(commonDir, parseTreePath(Buffer.from(folder, "latin1"))), {
      withFileTypes: true,
      encoding: "latin1",
    });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}
