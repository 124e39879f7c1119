/** A version of smolvm. */
export type Version = { readonly major: number; readonly minor: number; readonly patch: number };

/** Whether a version can carry bottles, and what to say about it. */
export type VersionVerdict =
  | { readonly kind: "fine" }
  | { readonly kind: "warning"; readonly detail: string; readonly fix: string }
  | { readonly kind: "refused"; readonly detail: string; readonly fix: string };

const UPDATE = "update smolvm to 1.14.6 or newer: curl -sSL https://smolmachines.com/install.sh | bash";
/** Before, an archive's limits of the network were dropped and machines had no labels */
const OLDEST: Version = { major: 1, minor: 8, patch: 0 };
/** The newest whose words and options are known */
const NEWEST_KNOWN: Version = { major: 1, minor: 23, patch: 1 };
/** The first in which a command may be run as a user of one's choice */
const USERS: Version = { major: 1, minor: 14, patch: 2 };
/** The first whose packs keep the user of the image; a pack of a machine that was made from an archive came before */
const PACKS: Version = { major: 1, minor: 14, patch: 5 };

/** What `smolvm --version` says, or undefined for any other program. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^smolvm (\d{1,4})\.(\d{1,4})\.(\d{1,4})\b/.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** A version as it is written. */
export function renderVersion({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}

/** Decides by the version alone. Pure. */
export function judgeVersion(version: Version, platform: NodeJS.Platform): VersionVerdict {
  const text = renderVersion(version);
  if (!isAtLeast(version, OLDEST)) {
    return {
      kind: "refused",
      detail: `smolvm ${text} is too old: ${renderVersion(OLDEST)} or newer is needed`,
      fix: UPDATE,
    };
  }
  if (version.major === 1 && version.minor === 14 && version.patch <= 1) {
    return { kind: "warning", detail: `smolvm ${text} cannot read some archives of images`, fix: UPDATE };
  }
  if (!isAtLeast(version, USERS)) {
    const detail = `smolvm ${text} runs everything as the user of the image, which must be node`;
    return { kind: "warning", detail, fix: UPDATE };
  }
  if (!isAtLeast(NEWEST_KNOWN, version)) {
    const detail = `smolvm ${text} is newer than what is known here (${renderVersion(NEWEST_KNOWN)})`;
    return { kind: "warning", detail, fix: `if a bottle does not start, say so with ${platform} and this version` };
  }
  return { kind: "fine" };
}

/** Whether commands can be run as a user of our choice. */
export function hasUsers(version: Version): boolean {
  return isAtLeast(version, USERS);
}

/** Whether a machine can be made from a pack, and a pack from any machine. */
export function hasPacks(version: Version): boolean {
  return isAtLeast(version, PACKS);
}

function isAtLeast(one: Version, other: Version): boolean {
  const difference = one.major - other.major || one.minor - other.minor || one.patch - other.patch;
  return difference >= 0;
}
