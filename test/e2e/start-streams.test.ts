import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe.each(callers)("as $who, the streams of a start without a terminal", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
  });
  afterAll(() => machine.close());

  test("pass 50 MB of any bytes in and out, none changed", async () => {
    const bytes = randomBytes(50 * 1024 * 1024);
    const ran = await machine.run(["start", "--", "cat"], { stdin: bytes });
    expect({ code: ran.code, length: ran.out.length, stderr: ran.stderr }).toEqual({
      code: 0,
      length: bytes.length,
      stderr: "",
    });
    expect(sha256(ran.out)).toBe(sha256(bytes));
  });

  test("keep output and errors apart", async () => {
    const ran = await machine.run([
      "start",
      "--",
      "sh",
      "-c",
      String.raw`printf 'a\000\033[31m\377'; printf 'b\033' >&2`,
    ]);
    expect(ran.out).toEqual(Buffer.from([0x61, 0, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xff]));
    expect(ran.stderr).toBe("b\x1b");
  });

  test("do not wait for an input that stays open", async () => {
    const ran = await machine.run(["start", "--", "echo", "done"], { stdin: "open" });
    expect(ran).toMatchObject({ code: 0, stdout: "done\n" });
  });

  test("do not wait for what the command left in the background", async () => {
    const ran = await machine.run(["start", "--", "sh", "-c", "sleep 1000 & echo done"]);
    expect(ran).toMatchObject({ code: 0, stdout: "done\n" });
    expect(await machine.leftovers()).toEqual([]);
  });

  test("that nobody reads any more end the command like any in a pipe", async () => {
    const script = `${process.execPath} ${machine.main} start -- yes | head -n 1; echo "$" "\${PIPESTATUS[0]}"`;
    const said = machine.sh(script);
    expect(said).toMatch(/^y\n\$ (141|0)\n$/);
    expect((await machine.leftovers()).filter((left) => !left.startsWith("state "))).toEqual([]);
    expect(machine.processes()).toEqual([]);
  });

  test("show no colour of ours, and no question", async () => {
    const ran = await machine.run(["start", "--", "sh", "-c", "echo x > new; exit 3"]);
    expect(ran.stderr).toMatch(/^bottle: 0 changed, 1 added, 0 removed; kept in\nbottle: \S+\/workspace\n$/);
  });
});
