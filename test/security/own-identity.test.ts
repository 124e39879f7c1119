import { chown, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { GuestSpec } from "../../src/backends/backend.ts";
import { FIRST_UID } from "../../src/backends/local/uid-claim.ts";
import { Scope } from "../../src/base/scope.ts";
import {
  IS_ROOT,
  makeTestBackend,
  makeTestFolder,
  makeTestSpec,
  openTestBottle,
  WHO,
} from "../fixtures/local-bottle.ts";

const CLAIMS = "/run/bot-bottle/uids";

describe(`as ${WHO}: whom a bottle is on the host`, () => {
  test.runIf(IS_ROOT)("a user of its own under root, given back at the end (needs root)", async () => {
    const bottle = await openTestBottle({ files: { given: "x" } });
    const { uid } = bottle.guest.owner;
    expect(uid).toBeGreaterThanOrEqual(FIRST_UID);
    expect(await readdir(CLAIMS)).toContain(String(uid));
    expect((await bottle.run(["stat", "-c", "%u %U", "given", "."])).stdout).toBe("1000 node\n1000 node\n");
    expect((await stat(bottle.spec.homeFolder)).uid).toBe(uid);
    await bottle.close();
    expect(await readdir(CLAIMS)).not.toContain(String(uid));
  });

  test.runIf(IS_ROOT)("the owner of a mounted folder, refused when that is root (needs root)", async () => {
    const folder = await makeTestFolder();
    const scope = new Scope();
    try {
      const backend = makeTestBackend(folder);
      const spec = await makeTestSpec(folder);
      const path = join(folder, "mounted");
      await mkdir(path);
      await writeFile(join(path, "own"), "");
      const mounted = (uid: number): GuestSpec => ({
        ...spec,
        workspace: { kind: "mount", path, owner: { uid, gid: uid } },
      });
      await expect(backend.create(mounted(0), scope)).rejects.toMatchObject({ code: "workspace/not-allowed" });

      await chown(path, 1_190_002, 1_190_002);
      const guest = await backend.create(mounted(1_190_002), scope);
      expect(guest.owner).toEqual({ uid: 1_190_002, gid: 1_190_002 });
      const argv = ["sh", "-c", "echo x >made && stat -c %u made own"];
      const one = await guest.exec({ argv, env: new Map(), cwd: spec.layout.workspace, terminal: undefined });
      if (one.kind !== "pipes") throw new Error("pipes were asked for");
      expect(await text(one.stdout)).toBe("1000\n65534\n"); // root's file in it stays root's
      expect((await stat(join(path, "made"))).uid).toBe(1_190_002);
      expect((await stat(join(path, "own"))).uid).toBe(0);
    } finally {
      await scope.close();
      await rm(folder, { recursive: true });
    }
  });

  test("tools and workspaces are reached wherever they lie and whatever they are called", async () => {
    const folder = join(await makeTestFolder(), "a b#ü\\$(id)");
    await mkdir(join(folder, "tools", "bin"), { recursive: true });
    await writeFile(join(folder, "tools", "bin", "my-tool"), "#!/bin/sh\necho tool $1\n", { mode: 0o755 });
    const bottle = await openTestBottle({ folder, tools: [join(folder, "tools")], files: { "x y": "content" } });
    try {
      expect((await bottle.run(["my-tool", "works"])).stdout).toBe("tool works\n");
      expect((await bottle.run(["cat", "x y"])).stdout).toBe("content");
      const script = 'echo x >"$0"/bin/new || echo refused; ls "$0"/..';
      const { stdout } = await bottle.run(["sh", "-c", script, join(folder, "tools")]);
      expect(stdout).toBe("refused\ntools\n");
    } finally {
      await bottle.close();
      await rm(join(folder, ".."), { recursive: true });
    }
  });

  test("a guest that cannot be made leaves nothing", async () => {
    const folder = await makeTestFolder();
    const scope = new Scope();
    try {
      const backend = makeTestBackend(folder);
      const before = IS_ROOT ? await readdir(CLAIMS).catch(() => []) : [];
      const spec = { ...(await makeTestSpec(folder)), tools: ["/no/such/tools"] };
      await expect(backend.create(spec, scope)).rejects.toMatchObject({ code: "launch/failed" });
      await scope.close();
      expect(await backend.list()).toEqual([]);
      if (IS_ROOT) expect((await readdir(CLAIMS)).toSorted()).toEqual(before.toSorted());
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("the probe runs a real bottle and leaves nothing", async () => {
    const folder = await makeTestFolder();
    try {
      const probe = await makeTestBackend(folder).probe(undefined, "deep");
      expect(probe.checks.filter((check) => check.outcome === "failed")).toEqual([]);
      expect(probe.checks.find((check) => check.name === "a real bottle")).toMatchObject({ outcome: "ok" });
      expect(probe.usable).toBe(true);
      expect(await readdir(join(folder, "cache"))).toEqual(["local-probe.json"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
