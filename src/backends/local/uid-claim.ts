import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { BottleError, systemErrorCode } from "../../base/errors.ts";
import type { ProcessId } from "./proc-table.ts";

/** First uid of the range that bottles get when root starts them; above what systemd gives to containers. */
export const FIRST_UID = 0x7000_0000;

const UID_COUNT = 0x0fff_ffff;
const ATTEMPTS = 64;

/** A uid that one bottle on this machine has for itself. */
export type UidClaim = {
  readonly uid: number;
  readonly slug: string;
  readonly home: string;
  readonly holder: ProcessId;
};

/** Claims a uid that no other bottle has; the claim is a file that only one process can make. */
export async function claimUid(folder: string, claim: Omit<UidClaim, "uid">): Promise<UidClaim> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const uid = FIRST_UID + randomInt(UID_COUNT);
    try {
      writeFileSync(join(folder, String(uid)), JSON.stringify({ uid, ...claim }), { flag: "wx", mode: 0o600 });
      return { uid, ...claim };
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") throw error;
    }
  }
  throw new BottleError("launch/failed", `no free user id was found in ${folder}`, {
    hint: "`bottle cleanup` gives back those of ended bottles",
  });
}

/** Gives a claimed uid back; the caller has made sure that nothing of it lives. */
export async function releaseUid(folder: string, uid: number): Promise<void> {
  await rm(join(folder, String(uid)), { force: true });
}

/** All claims of the machine; a file that is no claim is left alone. */
export async function listUidClaims(folder: string): Promise<readonly UidClaim[]> {
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
  return texts.map(parseUidClaim).filter((claim) => claim !== undefined);
}

/** The claim that a file holds, if it holds one. */
export function parseUidClaim(text: string): UidClaim | undefined {
  try {
    const { uid, slug, home, holder } = JSON.parse(text) as Partial<UidClaim>;
    if (typeof uid !== "number" || uid < FIRST_UID || uid > FIRST_UID + UID_COUNT) return undefined;
    if (typeof slug !== "string" || typeof home !== "string") return undefined;
    if (typeof holder?.pid !== "number" || typeof holder.startTicks !== "string") return undefined;
    return { uid, slug, home, holder };
  } catch {
    return undefined;
  }
}
