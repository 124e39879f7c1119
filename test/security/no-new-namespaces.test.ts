import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { openGuest } from "../../src/backends/local/guest.ts";
import { BPF, renderInstructions, SECCOMP_RETURN } from "../../src/backends/local/seccomp/bpf.ts";
import { openWorkshop } from "../../src/backends/local/workshop.ts";
import { Scope } from "../../src/base/scope.ts";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { makeTestFolder, makeTestSetup, makeTestSpec, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: a bottle cannot make or enter a namespace`, () => {
  let results: ReadonlyMap<string, string>;
  beforeAll(async () => {
    results = await attack();
  });

  test.each(["mount", "cgroup", "uts", "ipc", "user", "pid", "net"])("%s", (kind) => {
    expect(results.get(`unshare-${kind}`)).toBe(ERRNO.EPERM);
    expect(results.get(`clone-${kind}`)).toBe(ERRNO.EPERM);
  });

  test("by clone3 or setns", () => {
    expect(results.get("clone3")).toBe(ERRNO.ENOSYS);
    expect(results.get("setns")).toBe(ERRNO.EPERM);
  });

  test("also without the filter in the way", async () => {
    const folder = await makeTestFolder();
    const setup = makeTestSetup(folder);
    const allowAll = renderInstructions([{ code: BPF.return, jt: 0, jf: 0, k: SECCOMP_RETURN.allow }]);
    const workshop = { ...openWorkshop(setup, "test"), filter: allowAll };
    const scope = new Scope();
    try {
      const spec = await makeTestSpec(folder);
      const guest = await openGuest(workshop, spec, scope);
      const argv = ["sh", "-c", "unshare -U true 2>&1; unshare -m true 2>&1; unshare -n true 2>&1"];
      const one = await guest.exec({ argv, env: new Map(), cwd: "/", terminal: undefined });
      if (one.kind !== "pipes") throw new Error("pipes were asked for");
      expect(await text(one.stdout)).toMatch(/No space left on device\n.*not permitted\n.*not permitted/s);
    } finally {
      await scope.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
