import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

describe.each(callers)("what V8 compiled, kept for $who", (caller) => {
  let machine: Machine;
  let folder: string;

  beforeAll(() => {
    machine = new Machine(caller);
    folder = join(machine.cache, "bot-bottle/compiled");
  });
  afterAll(() => machine.close());

  const start = (env: Readonly<Record<string, string>> = {}) =>
    machine.run(["start", "--bottle", "default", "--headless", "--", "echo", "ran"], { env });
  const kept = () => readdirSync(folder).map((name) => join(folder, name));
  const only = (): string => {
    const [file = "", ...others] = kept().filter((path) => path.includes("-start-"));
    expect(others).toEqual([]);
    return file;
  };

  test("is written by the first run that succeeds, for its user alone, and used by the next one", async () => {
    expect((await machine.run(["start", "--bottle", "missing", "--headless", "--", "true"])).code).toBe(2);
    expect(existsSync(folder)).toBe(false);

    expect((await start()).stdout).toBe("ran\n");
    const first = statSync(only());
    expect({ uid: first.uid, mode: first.mode & 0o777 }).toEqual({ uid: caller.uid, mode: 0o600 });
    expect(statSync(folder).mode & 0o777).toBe(0o700);

    expect((await start()).stdout).toBe("ran\n");
    expect(statSync(only()).ino).toBe(first.ino);
  });

  test("is made again when V8 does not take it", async () => {
    const file = only();
    const whole = readFileSync(file);
    for (const broken of [Buffer.alloc(0), whole.subarray(0, whole.length / 2), Buffer.alloc(4096, 0x41)]) {
      writeFileSync(file, broken);
      expect((await start()).stdout).toBe("ran\n");
      expect(readFileSync(file).length).toBeGreaterThan(whole.length / 2);
    }
  });

  test("is not believed where another user could have written it", async () => {
    const file = only();
    chmodSync(file, 0o666);
    expect((await start()).stdout).toBe("ran\n");
    expect(statSync(file).mode & 0o777).toBe(0o600);

    if (process.getuid?.() !== 0) return;
    chownSync(file, caller.uid + 1, caller.uid + 1);
    expect((await start()).stdout).toBe("ran\n");
    expect(statSync(file).uid).toBe(caller.uid);
  });

  test("of versions that are gone goes too", async () => {
    const old = join(folder, "bottle-OLD.cjs-other-v20.0.0-x64");
    writeFileSync(old, "old");
    utimesSync(old, 0, 0);
    writeFileSync(only(), "");
    await start();
    expect(existsSync(old)).toBe(false);
  });

  test("is neither read nor written when the user says so, or has no place for it", async () => {
    const before = readFileSync(only());
    writeFileSync(only(), "x");
    expect((await start({ NODE_DISABLE_COMPILE_CACHE: "1" })).stdout).toBe("ran\n");
    expect(readFileSync(only(), "utf8")).toBe("x");
    writeFileSync(only(), before);

    const nowhere = await machine.run(["--version"], { env: { XDG_CACHE_HOME: "/proc/nowhere" } });
    expect(nowhere).toMatchObject({ code: 0, stderr: "" });
  });
});
