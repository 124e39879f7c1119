import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Holder, readHolder } from "./holder.ts";
import { readLock, tryLock, withLock } from "./lock.ts";
import { parseLockText, renderLockText } from "./lock-text.ts";

const DEAD: Holder = { pid: 2 ** 31, startTicks: "1" };
let folder: string;
let path: string;
let me: Holder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  path = join(folder, "a.lock");
  me = await readHolder(process.pid);
});
afterEach(() => rm(folder, { recursive: true }));

const leaveBehind = (at: string, nonce: string) =>
  writeFile(at, renderLockText({ ...DEAD, nonce, note: "was dev-ab0de" }));

describe("lock text", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string(), (note, pid, startTicks) => {
        const lock = { pid, startTicks, nonce: "0a-b", note };
        expect(parseLockText(renderLockText(lock))).toEqual(lock);
      }),
    );
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    '{"version":2}',
    '{"version":1,"pid":1,"startTicks":"1","note":"","nonce":"../x"}',
  ])("%j is no lock", (text) => {
    expect(parseLockText(text)).toBeUndefined();
  });
});

describe("tryLock", () => {
  test("takes a free lock, tells a second one who holds it, and gives it back", async () => {
    const first = await tryLock(path, me, "dev-ab0de");
    expect(first.kind).toBe("taken");
    expect(await tryLock(path, me)).toMatchObject({ kind: "held", by: { ...me, note: "dev-ab0de" } });
    if (first.kind === "taken") await first.lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("takes over what a dead process left, and leaves nothing else behind", async () => {
    await leaveBehind(path, "aa");
    const attempt = await tryLock(path, me, "new");
    expect(attempt.kind).toBe("taken");
    expect(await readLock(path)).toMatchObject({ ...me, note: "new" });
    expect(await readdir(folder)).toEqual(["a.lock"]);
  });

  test("also when others died while taking over", async () => {
    await leaveBehind(path, "aa");
    await leaveBehind(`${path}~aa`, "bb");
    await leaveBehind(`${path}~aa~bb`, "cc");
    expect((await tryLock(path, me)).kind).toBe("taken");
    expect(await readdir(folder)).toEqual(["a.lock"]);
  });

  test("of many that want a dead one's lock at once exactly one gets it", async () => {
    for (let round = 0; round < 20; round += 1) {
      await leaveBehind(path, "aa");
      const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(path, me)));
      expect(attempts.filter(({ kind }) => kind === "taken")).toHaveLength(1);
      for (const attempt of attempts) if (attempt.kind === "taken") await attempt.lock.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("does not take over while a living process is doing so", async () => {
    await leaveBehind(path, "aa");
    await writeFile(`${path}~aa`, renderLockText({ ...me, nonce: "bb", note: "" }));
    expect(await tryLock(path, me)).toMatchObject({ kind: "held", by: me });
    expect(await readLock(path)).toMatchObject(DEAD);
  });

  test("releasing late does not take the lock from its next holder", async () => {
    const first = await tryLock(path, me);
    await rm(path);
    const second = await tryLock(path, me, "second");
    expect(second.kind).toBe("taken");
    if (first.kind === "taken") await first.lock.release();
    expect(await readLock(path)).toMatchObject({ note: "second" });
  });

  test("a damaged lock is nobody's to take, and the error says what to type", async () => {
    await writeFile(path, "");
    await expect(tryLock(path, me)).rejects.toMatchObject({
      code: "bottle/state-damaged",
      hint: `when nothing runs that could hold it: rm ${path}`,
    });
  });

  test("a folder that is not there is an error the operator can act on", async () => {
    await expect(tryLock(join(folder, "no", "a.lock"), me)).rejects.toMatchObject({ code: "file/not-usable" });
  });
});

describe("withLock", () => {
  test("holds the lock while the work runs, and gives it back when the work fails", async () => {
    const work = withLock(path, me, async () => {
      await expect(withLock(path, me, async () => {})).rejects.toMatchObject({ code: "lock/held" });
      throw new Error("work failed");
    });
    await expect(work).rejects.toThrow("work failed");
    expect(await readdir(folder)).toEqual([]);
  });
});
