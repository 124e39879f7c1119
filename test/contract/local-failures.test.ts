import { rm, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import type { GuestSpec } from "../../src/backends/backend.ts";
import { openGuest } from "../../src/backends/local/guest.ts";
import { openWorkshop } from "../../src/backends/local/workshop.ts";
import { BottleError } from "../../src/base/errors.ts";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { IS_ROOT, makeTestFolder, makeTestSetup, makeTestSpec } from "../fixtures/local-bottle.ts";

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

/** Fills the folders as one that fails does, which takes the unfinished copy away before it says why. */
async function failLate(workspace: string, signal: AbortSignal): Promise<never> {
  await rm(workspace, { recursive: true });
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await stopped; // the guest around it has failed before
  throw new BottleError("file/disk-full", "the disk is full");
}

test("files that fail are told, also when a guest that lost its folder by that fails before", async () => {
  const folder = await makeTestFolder();
  const scope = new Scope();
  scope.defer("folder", () => rm(folder, { recursive: true }));
  try {
    const workshop = openWorkshop(makeTestSetup(folder), "0123456789abcdef");
    const spec = await makeTestSpec(folder, {});
    const { path = "" } = spec.workspace.kind === "folder" ? spec.workspace : {};
    // an ordinary user's folders are looked for when a command runs: only then the holder must fail by itself
    const programs = IS_ROOT ? workshop.programs : { ...workshop.programs, bwrap: "/bin/false" };
    const own = openGuest({ ...workshop, programs }, { ...spec, fill: (_, signal) => failLate(path, signal) }, scope);
    await expect(own).rejects.toMatchObject({ code: "file/disk-full" });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  } finally {
    await scope.close();
  }
});

test("files that were only stopped do not hide why the guest failed", async () => {
  const folder = await makeTestFolder();
  const scope = new Scope();
  scope.defer("folder", () => rm(folder, { recursive: true }));
  try {
    const workshop = openWorkshop(makeTestSetup(folder), "0123456789abcdef");
    const broken = { ...workshop, programs: { ...workshop.programs, bwrap: "/bin/false", unshare: "/bin/false" } };
    const spec = await makeTestSpec(folder, {});
    const fill: GuestSpec["fill"] = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    await expect(openGuest(broken, { ...spec, fill }, scope)).rejects.toMatchObject({ code: "launch/failed" });
  } finally {
    await scope.close();
  }
});
