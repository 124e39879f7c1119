import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { LAUNCHER, launchMark, renderOrders } from "./launcher.ts";

const SHELLS = ["sh", "bash"];

function launch(shell: string, orders: string, input = "") {
  const args = ["-c", LAUNCHER, "bottle", "m", "", "", "0", "0"];
  const { status, stdout, stderr } = spawnSync(shell, args, { input: `${orders}${input}`, encoding: "utf8" });
  return {
    status,
    stdout,
    marks: [...stderr.matchAll(/\x1ebottle:m:([^\x1e]*)\x1e/g)].map((match) => match[1]),
    stderr,
  };
}

test.each(SHELLS)("%s becomes the command, with its variables, arguments, folder and input as they are", (shell) => {
  const odd = "a\n'\"$HOME`id`\\n\\\\ \t\r ü\x01\x7f\x1e";
  const env = new Map([
    ["ODD", odd],
    ["EMPTY", ""],
    ["IFS", "x"],
    ["LONG", "ab\\c\n".repeat(20_000)],
  ]);
  const script = 'printf "%s|%s|%s|%s|" "$ODD" "$EMPTY" "${#LONG}" "$PWD"; printf "%s|" "$@"; cat';
  const argv = ["sh", "-c", script, "sh", odd, "", "-n", "*", "+x", "."];
  const ran = launch(shell, renderOrders(env, { argv, cwd: "/tmp" }), "+rest\n.\n");
  expect(ran.stdout).toBe(`${odd}||100000|/tmp|${odd}||-n|*|+x|.|+rest\n.\n`);
  expect(ran.marks).toEqual(["waiting", expect.stringMatching(/^\d+$/)]);
});

test.each(SHELLS)("%s says what is not there", (shell) => {
  const of = (argv: readonly string[], cwd = "/") => launch(shell, renderOrders(new Map(), { argv, cwd }));
  expect(of(["no-such-program"])).toMatchObject({ status: 127, marks: ["waiting", "not-found"] });
  expect(of(["/no/such/program"])).toMatchObject({ status: 127, marks: ["waiting", "not-found"] });
  expect(of(["/etc/passwd"])).toMatchObject({ status: 126, marks: ["waiting", "not-executable"] });
  expect(of(["true"], "/no/such/folder")).toMatchObject({ status: 125, marks: ["waiting", "no-folder"] });
});

test.each(SHELLS)("%s starts nothing when its orders are not whole", (shell) => {
  const orders = renderOrders(new Map([["A", "b"]]), { argv: ["echo", "ran"], cwd: "/" });
  for (const part of ["", orders.slice(0, 5), orders.slice(0, -2)]) {
    expect(launch(shell, part)).toMatchObject({ status: 125, stdout: "", marks: ["waiting"] });
  }
});

test("orders are short lines of printable bytes, whatever they say", () => {
  const value = Buffer.from(Array.from({ length: 70_000 }, (_, at) => 1 + (at % 127))).toString("latin1");
  const text = renderOrders(new Map([["A", value]]), { argv: ["x", "\n.\n"], cwd: "/" });
  expect(text).toMatch(/^[\n -~]*$/);
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThan(1100);
  expect(launchMark("m")).not.toMatch(/^[\n -~]*$/);
});
