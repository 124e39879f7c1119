import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { parseSlug } from "../../src/base/ids.ts";
import { Scope } from "../../src/base/scope.ts";
import { openJournal } from "../../src/journal/open-journal.ts";
import { readJournal } from "../../src/journal/read-journal.ts";
import { redactNothing } from "../../src/journal/redact.ts";
import { verifyChain } from "../../src/journal/verify-chain.ts";
import { type Child, startChild, startChildUnder } from "../fixtures/child.ts";

const slug = parseSlug("dev-ab0de") ?? expect.fail();
const UNSHARED = ["unshare", "--user", "--map-root-user", "--mount"];
const canMount = await promisify(execFile)(UNSHARED[0] ?? "", [
  ...UNSHARED.slice(1),
  "mount",
  "-t",
  "tmpfs",
  "none",
  "/mnt",
])
  .then(() => true)
  .catch(() => false);

let folder: string;
let path: string;
let child: Child | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "journal-"));
  path = join(folder, "journal.jsonl");
});
afterEach(async () => {
  await child?.kill();
  await rm(folder, { recursive: true });
});

async function waitForSize(bytes: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await stat(path)).size < bytes) {
    if (Date.now() > deadline) throw new Error("the journal does not grow");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a journal", () => {
  test("whose writer is killed in the middle is continued, again and again, and stays intact", async () => {
    for (let round = 1; round <= 3; round += 1) {
      child = startChild("write-journal.ts", path, "crash");
      expect(await child.nextLine()).toBe("open");
      await waitForSize(round * 500_000);
      await child.kill();
    }
    const scope = new Scope();
    await openJournal({ path, slug, clock: systemClock, redact: redactNothing }, scope);
    await scope.close();
    expect(verifyChain((await readJournal(path)) ?? [], { slug }).kind).toBe("intact");
  });

  test.skipIf(!canMount)(
    "on a full disk fails, tells everybody, and stays failed (needs user namespaces)",
    async () => {
      const script = `mount -t tmpfs -o size=64k none ${folder} && exec "$@"`;
      child = startChildUnder([...UNSHARED, "sh", "-c", script, "sh"], "write-journal.ts", path, "full");
      expect(await child.nextLine()).toBe("open");
      expect(await child.nextLine()).toBe("file/disk-full true true");
    },
  );
});
