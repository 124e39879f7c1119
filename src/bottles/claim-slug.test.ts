import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Holder, readHolder } from "../base/holder.ts";
import { type Ids, parseSlug, systemIds } from "../base/ids.ts";
import { renderLockText } from "../base/lock-text.ts";
import { claimSlug, makeSlug } from "./claim-slug.ts";
import { listBottles } from "./list-bottles.ts";

let state: string;
let holder: Holder;
beforeEach(async () => {
  state = join(await mkdtemp(join(tmpdir(), "claim-")), "state");
  holder = await readHolder(process.pid);
});
afterEach(() => rm(join(state, ".."), { recursive: true }));

const inTurn = (...given: string[]): Ids => ({
  base36: (length) => (length === 5 ? (given.shift() ?? "zzzzz") : systemIds.base36(length)),
});
const claim = (more: { label?: string; ids?: Ids; wanted?: ReturnType<typeof parseSlug> } = {}) =>
  claimSlug({ state, base: "dev", ids: systemIds, holder, ...more });

describe("claimSlug", () => {
  test("makes the private folders of a bottle, with the holder inside", async () => {
    const { slug, folders } = await claim({ ids: inTurn("ab0de") });
    expect(slug).toBe("dev-ab0de");
    expect(folders.root).toBe(join(state, "dev-ab0de"));
    expect((await readdir(folders.root)).sort()).toEqual(["holder.json", "home", "scratch", "workspace"]);
    expect(JSON.parse(await readFile(folders.holder, "utf8"))).toEqual(holder);
    for (const folder of [state, folders.root, folders.home]) expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await listBottles(state)).toMatchObject([{ slug, status: "starting", record: undefined }]);
  });

  test("tries another name when one is taken, and gives up in the end", async () => {
    await claim({ ids: inTurn("aaaaa") });
    expect((await claim({ ids: inTurn("aaaaa", "bbbbb") })).slug).toBe("dev-bbbbb");
    const stuck: Ids = { base36: (length) => "a".repeat(length) };
    await expect(claim({ ids: stuck })).rejects.toThrow(/no free name/);
    expect((await readdir(state)).sort()).toEqual([".labels", "dev-aaaaa", "dev-bbbbb"]);
  });

  test("takes the name that was shown, unless it was taken meanwhile", async () => {
    const wanted = parseSlug("dev-wwwww");
    expect((await claim({ wanted })).slug).toBe("dev-wwwww");
    expect((await claim({ wanted, ids: inTurn("ccccc") })).slug).toBe("dev-ccccc");
  });

  test("a label is unique among living bottles, and the error names who has it and what to do", async () => {
    const first = await claim({ label: "fix", ids: inTurn("aaaaa") });
    await expect(claim({ label: "FIX" })).rejects.toMatchObject({
      code: "bottle/label-taken",
      message: "the label FIX is taken by dev-aaaaa, which is running",
      hint: "choose another --label, or end dev-aaaaa first",
    });
    expect((await readdir(state)).sort()).toEqual([".labels", "dev-aaaaa"]);
    await first.releaseLabel();
    expect((await claim({ label: "fix" })).slug).toMatch(/^dev-/);
  });

  test("a label of a dead process is free", async () => {
    await claim();
    const dead = { pid: 2 ** 31, startTicks: "1", nonce: "aa", note: "dev-00000" };
    await writeFile(join(state, ".labels", "fix"), renderLockText(dead));
    expect((await claim({ label: "fix" })).slug).toMatch(/^dev-/);
  });

  test.each(["", ".", "..", "../x", "a/b", "a~b", "a b", "é", "x".repeat(49)])(
    "%j cannot be a label",
    async (label) => {
      await expect(claim({ label })).rejects.toMatchObject({ code: "input/usage" });
    },
  );

  test("a state folder that is a file is an error with a reason", async () => {
    await writeFile(state, "");
    await expect(claim()).rejects.toMatchObject({ code: "file/not-usable", message: expect.stringContaining(state) });
  });
});

describe("makeSlug", () => {
  test("is a slug for every name of a bottle", () => {
    expect(makeSlug("Dev + Extra", inTurn("ab0de"))).toBe("dev-extra-ab0de");
    expect(parseSlug(makeSlug("x".repeat(100), systemIds))).toBeDefined();
  });
});
