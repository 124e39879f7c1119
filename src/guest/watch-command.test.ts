import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { watchCommand } from "./watch-command.ts";

const start = (script: string, name: string) => {
  const mark = `BOTTLE_COMMAND=${name}-${process.pid}`;
  const child = spawn("sh", ["-c", script], { env: { PATH: process.env["PATH"], BOTTLE_COMMAND: mark.split("=")[1] } });
  const [exit, out] = [once(child, "exit"), text(child.stdout)];
  watchCommand(JSON.stringify({ pid: child.pid, mark }), () => {});
  return { exit, out };
};

test("a command that becomes another program, again and again, is not taken for one that has ended", async () => {
  const again = `n=$1; [ "$n" = 0 ] && { echo whole; exit 7; }; exec sh -c "$0" "$0" $((n - 1))`;
  const { exit, out } = start(`exec sh -c '${again}' '${again}' 400`, "again");
  expect(await exit).toEqual([7, null]);
  expect(await out).toBe("whole\n");
});

test("what it leaves in the background is ended, also what is only just starting", async () => {
  const { exit, out } = start("for i in 1 2 3 4 5 6 7 8; do setsid sleep 1000 & done; exit 3", "leaves");
  expect(await exit).toEqual([3, null]);
  expect(await out).toBe(""); // its end comes when nobody holds it any more
});
