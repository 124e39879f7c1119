import { chown, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemIds } from "../../src/base/ids.ts";
import { removeState } from "../../src/bottles/remove-state.ts";
import { startChild, startChildUnder } from "../fixtures/child.ts";

const OTHER = 61_234;
const DEPTH = "10000";
const isRoot = process.getuid?.() === 0;

describe("removing a hostile tree of 10,000 levels, links and locked folders", () => {
  test("as whoever runs the tests", async () => {
    const state = await mkdtemp(join(tmpdir(), "remove-"));
    const child = startChild("remove-hostile-tree.ts", state, DEPTH);
    expect(await child.nextLine()).toBe(`${process.getuid?.()} []`);
    await child.kill();
    await removeState(state, { uid: process.getuid?.() ?? 0, ids: systemIds, isQuiet: async () => true });
  });

  test.skipIf(!isRoot)("as an ordinary user (needs root to become one)", async () => {
    const state = await mkdtemp(join(tmpdir(), "remove-"));
    await chown(state, OTHER, OTHER);
    const user = ["setpriv", "--reuid", `${OTHER}`, "--regid", `${OTHER}`, "--clear-groups"];
    const child = startChildUnder(user, "remove-hostile-tree.ts", state, DEPTH);
    expect(await child.nextLine()).toBe(`${OTHER} []`);
    await child.kill();
    await removeState(state, { uid: 0, ids: systemIds, isQuiet: async () => true });
  });

  test.skipIf(!isRoot)(
    "root asks first whether the owner's processes are gone (needs root to give files away)",
    async () => {
      const state = await mkdtemp(join(tmpdir(), "remove-"));
      await chown(state, OTHER, OTHER);
      const asked: number[] = [];
      const busy = { uid: 0, ids: systemIds, isQuiet: async (uid: number) => asked.push(uid) > 1 };
      await expect(removeState(state, busy)).rejects.toMatchObject({ code: "bottle/still-running" });
      expect(await readdir(state)).toEqual([]);
      await removeState(state, busy);
      expect(asked).toEqual([OTHER, OTHER]);
    },
  );
});
