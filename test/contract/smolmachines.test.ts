import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { buildImage } from "../../src/images/build-image.ts";
import { openEngine } from "../../src/images/engine.ts";
import { saveImage } from "../../src/images/save-image.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { IS_REAL, openMachineBottle } from "../fixtures/smolmachines-bottle.ts";
import { whyNoDouble } from "../fixtures/smolvm-double.ts";
import { describeBackend } from "./backend-contract.ts";

const why = findBaseImage().why || (IS_REAL ? "" : (whyNoDouble() ?? ""));
if (why !== "" && process.env["CI"] === "true") throw new Error(why);

/** Versions with and without a choice of users; the real one is what it is. */
const VERSIONS = IS_REAL ? ["real"] : ["1.17.0", "1.9.3"];

if (why !== "") describe(`contract of a backend: smolmachines: ${why}`, () => test.skip(why, () => {}));
else {
  const folder = mkdtempSync(join(tmpdir(), "bottle-contract-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let artifact: Promise<string> | undefined;
  const prepare = () => {
    artifact ??= (async () => {
      const engine = openEngine(process.env, run);
      const dockerfile = join(folder, "Dockerfile");
      writeFileSync(dockerfile, `FROM ${BASE_IMAGE}\nUSER node\nWORKDIR /home/node\nCMD ["bash"]\n`);
      const tag = "bot-bottle-test/contract";
      const id = await buildImage(
        engine,
        { dockerfile, context: folder, tag, args: {} },
        { signal: undefined, onLine: undefined },
      );
      const path = join(folder, "image.tar");
      await saveImage(engine, { name: tag, id }, path, undefined);
      return path;
    })();
    return artifact;
  };
  for (const version of VERSIONS) {
    describeBackend(`smolmachines on ${IS_REAL ? "smolvm" : `the double of smolvm ${version}`}`, async (files) =>
      openMachineBottle({
        artifact: await prepare(),
        files: files?.workspace ?? {},
        home: files?.home ?? {},
        double: { FAKE_SMOLVM_VERSION: version },
      }),
    );
  }
}
