import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimUid, FIRST_UID, listUidClaims, parseUidClaim, releaseUid } from "./uid-claim.ts";

const HOLDER = { pid: 1, startTicks: "2" };
let folder = "";

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "claims-")), "uids");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

test("no two claims share a uid, and each can be found and given back", async () => {
  const names = Array.from({ length: 40 }, (_none, index) => `b-${index}`);
  const claims = await Promise.all(names.map((slug) => claimUid(folder, { slug, home: "h", holder: HOLDER })));
  expect(new Set(claims.map((claim) => claim.uid)).size).toBe(40);
  for (const { uid } of claims) {
    expect(uid).toBeGreaterThanOrEqual(FIRST_UID);
    expect(uid).toBeLessThan(2 ** 31);
  }
  expect((await listUidClaims(folder)).map((claim) => claim.slug).toSorted()).toEqual(names.toSorted());
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const { uid } of claims) await releaseUid(folder, uid);
  await releaseUid(folder, FIRST_UID);
  expect(await readdir(folder)).toEqual([]);
});

test("files that are no claims are left alone", async () => {
  await claimUid(folder, { slug: "a-12345", home: "h", holder: HOLDER });
  await writeFile(join(folder, "0"), "{}");
  await writeFile(join(folder, "note"), "hello");
  expect(await listUidClaims(folder)).toHaveLength(1);
  expect(await listUidClaims(join(folder, "nowhere"))).toEqual([]);
});

test("a claim never names a uid outside the range", () => {
  const claim = { uid: FIRST_UID, slug: "a", home: "h", holder: HOLDER };
  expect(parseUidClaim(JSON.stringify(claim))).toEqual(claim);
  for (const uid of [0, 1000, FIRST_UID - 1, 2 ** 31, "0", null]) {
    expect(parseUidClaim(JSON.stringify({ ...claim, uid }))).toBeUndefined();
  }
  fc.assert(fc.property(fc.jsonValue(), (value) => void parseUidClaim(JSON.stringify(value))));
  fc.assert(fc.property(fc.string(), (text) => parseUidClaim(text) === undefined));
});
