import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ArrivingPack } from "./arriving-pack.ts";

const folder = mkdtempSync(join(tmpdir(), "bottle-pack-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const content = Buffer.from("PACK, and what is in it");

test.each(["sha1", "sha256"] as const)(
  "a copy counts as whole with all that git keeps, and with no byte less: %s",
  async (format) => {
    const checksum = createHash(format).update(content).digest();
    const all = Buffer.concat([content, checksum]);
    writeFileSync(join(folder, `pack-${checksum.toString("hex")}.pack`), all);
    for (const kept of [all.length, all.length - 1, content.length, 5, 0]) {
      const pack = await ArrivingPack.open(folder);
      writeSync(pack.descriptor, all.subarray(0, kept));
      expect(await pack.isKeptIn(folder, format), `${kept} bytes`).toBe(kept === all.length);
      await pack.end(true);
    }
  },
);
