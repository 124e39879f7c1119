import { spawn } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { isUserAlive } from "../../src/backends/local/proc-table.ts";
import { waitUntil } from "../../src/backends/local/wait-until.ts";
import { IS_ROOT } from "../fixtures/local-bottle.ts";

const UID = 1_190_001;
const REPOSITORY = resolve(import.meta.dirname, "../..");

/** Makes the repository reachable for the user, wherever it lies, in a mount namespace of its own. */
const REACH = `mount -t tmpfs -o mode=0711 none /mnt && mkdir /mnt/repository && mount --rbind "$0" /mnt/repository &&
  cd /mnt/repository && exec setpriv --reuid "$1" --regid "$1" --clear-groups -- "$2" node_modules/vitest/vitest.mjs run \
  --project system --configLoader runner --reporter=verbose test/security test/contract/local.test.ts`;

test.skipIf(!IS_ROOT)(
  "the same tests pass as an ordinary user (skipped when the whole run is one)",
  async () => {
    const home = await mkdtemp(join(tmpdir(), "bottle-user-"));
    await chown(home, UID, UID);
    const argv = ["-m", "--propagation", "private", "--", "sh", "-c", REACH, REPOSITORY, String(UID), process.execPath];
    const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home, NO_COLOR: "1" };
    const child = spawn("unshare", argv, { env, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((settle) => child.once("exit", settle)),
    ]);
    const failures = out.split("\n").filter((line) => /×|FAIL|Error/.test(line));
    expect({ code, failures: code === 0 ? [] : failures, err: code === 0 ? "" : err }).toEqual({
      code: 0,
      failures: [],
      err: "",
    });
    expect(out).toMatch(/as an ordinary user/);
    expect(out).not.toMatch(/as root/);
    expect(await waitUntil(async () => !(await isUserAlive(UID)), 2000)).toBe(true);
    await rm(home, { recursive: true, force: true });
  },
  600_000,
);
