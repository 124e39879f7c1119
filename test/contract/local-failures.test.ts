import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { openGuest } from "../../src/backends/local/guest.ts";
import { openWorkshop } from "../../src/backends/local/workshop.ts";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { makeTestFolder, makeTestSetup, makeTestSpec } from "../fixtures/local-bottle.ts";

test("a holder that fails while the guest's files do is no fault of its own", async () => {
  const folder = await makeTestFolder();
  const scope = new Scope();
  scope.defer("folder", () => rm(folder, { recursive: true }));
  const unhandled: unknown[] = [];
  const onUnhandled = (why: unknown) => void unhandled.push(why);
  process.on("unhandledRejection", onUnhandled);
  try {
    const workshop = openWorkshop(makeTestSetup(folder), "0123456789abcdef");
    const broken = { ...workshop, programs: { ...workshop.programs, bwrap: "/bin/false", unshare: "/bin/false" } };
    const spec = await makeTestSpec(folder, {});
    const slow = async () => void (await run(["sleep", "0.5"], { env: { PATH: "/usr/bin:/bin" } })); // as a large workspace is
    const files = [{ path: "/elsewhere", content: "" }];
    await expect(openGuest(broken, { ...spec, files, fill: slow }, scope)).rejects.toThrow("not below /etc");
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", onUnhandled);
    await scope.close();
  }
});
