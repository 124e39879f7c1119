import { readdirSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SecretValue } from "../../src/base/secret-value.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: a granted secret is in no argument, no environment outside and no file`, async () => {
  const planted = `planted-${process.pid}-0123456789`;
  const bottle = await openTestBottle();
  try {
    const env = new Map([["TOKEN", new SecretValue("TOKEN", planted)]]);
    const cwd = bottle.spec.layout.home;
    const one = await bottle.guest.exec({ argv: ["sh", "-c", "echo $TOKEN; read x"], env, cwd, terminal: undefined });
    if (one.kind !== "pipes") throw new Error("pipes were asked for");
    const [first] = await new Promise<[Buffer]>((resolve) =>
      one.stdout.once("data", (chunk: Buffer) => resolve([chunk])),
    );
    expect(first.toString()).toContain(planted);
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      for (const file of ["cmdline", "environ"]) {
        const text = readText(`/proc/${pid}/${file}`);
        const isTheCommand = file === "environ" && readText(`/proc/${pid}/cmdline`).startsWith("sh\0-c\0echo $TOKEN");
        if (!isTheCommand) expect(`${pid} ${file} ${text.includes(planted)}`).toBe(`${pid} ${file} false`);
      }
    }
    for (const file of await readdir(bottle.folder, { recursive: true })) {
      const path = join(bottle.folder, file);
      if (statSync(path).isFile()) expect((await readFile(path)).includes(planted)).toBe(false);
    }
    one.stdin.end();
    await one.exit;
    const withNul = new Map([["TOKEN", new SecretValue("TOKEN", `${planted}\0--bind`)]]);
    const failed = await bottle.run(["true"], { env: withNul }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "launch/failed" });
    expect(String(failed)).not.toContain(planted);
  } finally {
    await bottle.close();
  }
});

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone meanwhile, or another user's
  }
}
