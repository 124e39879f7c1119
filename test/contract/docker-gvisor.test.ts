import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDockerBackend } from "../../src/backends/docker/docker-backend.ts";
import { run } from "../../src/base/process.ts";
import { openEngine } from "../../src/images/engine.ts";
import { findBaseImage, makeDockerSetup, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { makeTestFolder } from "../fixtures/local-bottle.ts";
import { type OwnEngine, openOwnEngine, whyNoOwnEngine } from "../fixtures/own-engine.ts";
import { describeBackend } from "./backend-contract.ts";

const RUNSC = "/usr/bin/runsc";
const why =
  whyNoOwnEngine() ??
  (existsSync(RUNSC) ? undefined : "no runsc: apt-get install runsc") ??
  (findBaseImage().id === undefined ? findBaseImage().why : undefined);
if (why !== undefined && process.env["CI"] === "true") throw new Error(why);

describe.skipIf(why !== undefined)(`gVisor${why === undefined ? "" : `: ${why}`}`, () => {
  let works: OwnEngine;
  beforeAll(async () => {
    works = await openOwnEngine({
      runsc: { path: RUNSC, runtimeArgs: ["--network=none", "--platform=ptrace", "--host-uds=open"] },
    });
  });
  afterAll(() => works?.close());
  const onIt = () => ({ engine: openEngine(works.env, run) });

  describeBackend("docker, under gVisor", (files) =>
    openDockerBottle({ files: files?.workspace ?? {}, home: files?.home ?? {}, setup: onIt() }),
  );

  test("a kernel of its own is what a bottle sees", async () => {
    const bottle = await openDockerBottle({ setup: onIt() });
    try {
      expect((await bottle.run(["cat", "/proc/version"])).stdout).toMatch(/4\.4\.0|gvisor/i);
      expect((await bottle.backend.probe()).strength).toContain("gVisor");
    } finally {
      await bottle.close();
    }
  });
});

/** Stands for a runtime that does not come up, or never ends. */
const BROKEN = [
  ["fails", ["--no-such-flag"], /a trial container did not run/],
  ["hangs", undefined, /did not end within 15 s/],
] as const;

describe.skipIf(why !== undefined)("a runtime that is registered and", () => {
  test.each(BROKEN)(
    "%s is told, and bottles run without it",
    async (_what, runtimeArgs, told) => {
      const path =
        runtimeArgs === undefined ? new URL("../fixtures/hanging-runtime.sh", import.meta.url).pathname : RUNSC;
      const engine = await openOwnEngine({ runsc: { path, runtimeArgs: runtimeArgs ?? [] } });
      const setup = { engine: openEngine(engine.env, run) };
      try {
        const backend = makeDockerBackend(makeDockerSetup(await makeTestFolder(), setup));
        const started = performance.now();
        const probe = await backend.probe(undefined, "deep");
        expect(performance.now() - started).toBeLessThan(30_000);
        expect(probe).toMatchObject({ usable: true, strength: expect.stringContaining("does not work") });
        expect(probe.checks.find(({ name }) => name === "gVisor")?.detail).toMatch(told);
        const bottle = await openDockerBottle({ setup });
        expect((await bottle.run(["echo", "runs"])).stdout).toBe("runs\n");
        await bottle.close();
      } finally {
        await engine.close();
      }
    },
    180_000,
  );
});
