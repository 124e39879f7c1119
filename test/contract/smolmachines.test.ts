import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import {
  type DoubleEnv,
  IS_REAL,
  makeArtifact,
  openMachineBottle,
  whyNoMachines,
} from "../fixtures/smolmachines-bottle.ts";
import { describeBackend } from "./backend-contract.ts";

const why = whyNoMachines();

/** With a choice of users, without one, and without sockets of the host inside; the real one is what it is. */
const DOUBLES: readonly (readonly [string, DoubleEnv])[] = IS_REAL
  ? [["smolvm", {}]]
  : [
      ["the double of smolvm 1.17.0", { FAKE_SMOLVM_VERSION: "1.17.0" }],
      ["the double of smolvm 1.9.3", { FAKE_SMOLVM_VERSION: "1.9.3" }],
      ["the double without --mount-socket", { FAKE_SMOLVM_WITHOUT: "mount-socket" }],
    ];

if (why !== "") describe(`contract of a backend: smolmachines: ${why}`, () => test.skip(why, () => {}));
else {
  const folder = mkdtempSync(join(tmpdir(), "bottle-contract-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let artifact: Promise<string> | undefined;
  for (const [name, double] of DOUBLES) {
    describeBackend(`smolmachines on ${name}`, async (files) => {
      artifact ??= makeArtifact(folder);
      const [home, workspace] = [files?.home ?? {}, files?.workspace ?? {}];
      return openMachineBottle({ artifact: await artifact, files: workspace, home, double });
    });
  }
}
