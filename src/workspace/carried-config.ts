import type { ConfigEntry } from "./git-config.ts";
import { lastValue, parseConfigBoolean } from "./git-config.ts";
import { isRefName } from "./ref-name.ts";
import { stripRemoteUrl } from "./remote-url.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import { makeFormatEntries } from "./scratch-repository.ts";

/** Who commits inside; undefined fields are not written. */
export type GitUser = { readonly name: string | undefined; readonly email: string | undefined };

/** Booleans of `core` without which `git status` would say something else inside than outside. */
const KEPT_BOOLEANS = [
  "filemode",
  "ignorecase",
  "symlinks",
  "precomposeunicode",
  "sparsecheckout",
  "sparsecheckoutcone",
];
const KEPT_WORDS: Readonly<Record<string, readonly string[]>> = {
  autocrlf: ["true", "false", "input"],
  eol: ["lf", "crlf", "native"],
};

/**
 * The whole configuration of a copied repository: how its files are stored, its remotes without credentials, what its
 * branches follow, and a given user. Whatever else stood in the original is not looked at.
 */
export function makeCarriedConfig(settings: RepositorySettings, user: GitUser | undefined): readonly ConfigEntry[] {
  const { entries, promisor } = settings;
  return [
    ...makeFormatEntries(settings.objectFormat),
    plain("core", "logallrefupdates", "true"),
    ...KEPT_BOOLEANS.flatMap((key) => {
      const value = parseConfigBoolean(lastValue(entries, "core", key));
      return value === undefined ? [] : [plain("core", key, String(value))];
    }),
    ...Object.entries(KEPT_WORDS).flatMap(([key, words]) => {
      const value = lastValue(entries, "core", key)?.toLowerCase() ?? "";
      return words.includes(value) ? [plain("core", key, value)] : [];
    }),
    ...(promisor !== undefined && isRemoteName(promisor) ? makePromisor(promisor) : []),
    ...entries.flatMap(carryRemote),
    ...entries.flatMap(carryBranch),
    ...(["name", "email"] as const).flatMap((key) => {
      const value = user?.[key];
      return value === undefined ? [] : [plain("user", key, Buffer.from(value).toString("latin1"))];
    }),
  ];
}

function carryRemote(entry: ConfigEntry): readonly ConfigEntry[] {
  if (entry.section !== "remote" || entry.subsection === undefined || !isRemoteName(entry.subsection)) return [];
  if (entry.key === "url" || entry.key === "pushurl") {
    const value = stripRemoteUrl(entry.value);
    return value === undefined ? [] : [{ ...entry, value }];
  }
  return entry.key === "fetch" && isRefspec(entry.value) ? [entry] : [];
}

function carryBranch(entry: ConfigEntry): readonly ConfigEntry[] {
  if (entry.section !== "branch" || entry.subsection === undefined) return [];
  if (!isRefName(`refs/heads/${entry.subsection}`)) return [];
  if (entry.key === "remote") return entry.value === "." || isRemoteName(entry.value) ? [entry] : [];
  return entry.key === "merge" && isRefName(entry.value) ? [entry] : [];
}

/** Objects that were never fetched stay missing inside: git must know that this is no damage. */
function makePromisor(remote: string): readonly ConfigEntry[] {
  return [
    plain("core", "repositoryformatversion", "1"),
    plain("extensions", "partialclone", remote),
    { section: "remote", subsection: remote, key: "promisor", value: "true" },
  ];
}

function isRemoteName(name: string): boolean {
  return isRefName(`refs/remotes/${name}/x`);
}

/** `+refs/heads/*:refs/remotes/origin/*` and the like; `^refs/…` leaves out. */
function isRefspec(value: string): boolean {
  const sides = value.replace(/^[+^]/, "").split(":");
  return sides.length <= 2 && sides.every((side) => isRefName(side.replace("*", "x")));
}

function plain(section: string, key: string, value: string): ConfigEntry {
  return { section, subsection: undefined, key, value };
}
