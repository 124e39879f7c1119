import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { parseNativeEnds, parseNativePty } from "./parse-native-pty.ts";
import { startProcess } from "./process.ts";
import { openPty, type Pty } from "./pty.ts";

const env = { PATH: process.env["PATH"] };

function start(pty: Pty, script: string) {
  const stdio = [pty.slaveFd, pty.slaveFd, pty.slaveFd] as const;
  const child = startProcess(["setsid", "-c", "sh", "-c", script], { env, stdio: [...stdio] });
  pty.closeSlave();
  return child;
}

async function seen(pty: Pty, wanted: string): Promise<string> {
  let all = "";
  while (!all.includes(wanted)) {
    const chunk: unknown = pty.output.read();
    if (Buffer.isBuffer(chunk)) all += chunk.toString("utf8");
    else await once(pty.output, "readable");
  }
  return all;
}

test("a child gets a terminal of its own with the size, and the output ends with the child", async () => {
  const pty = await openPty({ columns: 91, rows: 33 });
  start(pty, "tty; stty size; cat </dev/null; exit 3");
  expect(await text(pty.output)).toMatch(/^\/dev\/pts\/\d+\r\n33 91\r\n$/);
  pty.close();
});

test("a new size reaches the program as a signal", async () => {
  const pty = await openPty({ columns: 80, rows: 24 });
  start(pty, "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done");
  await seen(pty, "ready");
  pty.resize(100, 30);
  expect(await text(pty.output)).toContain("30 100");
  pty.close();
  pty.resize(1, 1);
});

test("what is typed is read, and Ctrl-C becomes a signal", async () => {
  const pty = await openPty({ columns: 80, rows: 24 });
  start(pty, "read line; echo got $line; trap 'echo caught; exit' INT; echo ready; while :; do sleep 0.05; done");
  pty.input.write("hello\n");
  await seen(pty, "ready");
  pty.input.write("\x03");
  expect(await text(pty.output)).toContain("caught");
  pty.close();
});

test("the child has no other descriptor of the pseudo-terminal", async () => {
  const pty = await openPty({ columns: 80, rows: 24 });
  start(pty, "ls -l /proc/self/fd");
  const listing = await text(pty.output);
  expect(listing).toContain(" 2 -> /dev/pts/");
  expect(listing).not.toContain("ptmx");
  pty.close();
});

test("a program that does not read what is typed blocks only the input", async () => {
  const pty = await openPty({ columns: 80, rows: 24 });
  start(pty, "stty raw -echo; echo ready; exec sleep 1000");
  await seen(pty, "ready");
  pty.input.write(Buffer.alloc(200_000, 0x61));
  const other = startProcess(["true"], { env, stdio: "ignore" });
  await once(other, "exit"); // the event loop is alive
  pty.close();
  expect(pty.input.destroyed).toBe(true);
});

test("closing ends the programs inside and leaves no descriptor open", async () => {
  const terminals = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return /ptmx|pts/.test(readlinkSync(`/proc/self/fd/${fd}`));
      } catch {
        return false;
      }
    });
  const first = await openPty({ columns: 80, rows: 24 });
  first.close();
  await once(first.output.resume(), "close");
  const before = terminals();
  for (let i = 0; i < 5; i++) {
    const pty = await openPty({ columns: 80, rows: 24 });
    const child = start(pty, "exec sleep 1000");
    const ended = once(child, "exit");
    const closed = once(pty.output.resume(), "close");
    pty.close();
    pty.close();
    await Promise.all([ended, closed]);
  }
  expect(terminals()).toEqual(before);
});

test("another shape of the native module is recognised", () => {
  expect(parseNativePty(undefined)).toBeUndefined();
  expect(parseNativePty({ open: () => {} })).toBeUndefined();
  expect(parseNativePty({ open: () => {}, resize: () => {} })?.open(80, 24)).toBeUndefined();
  expect(parseNativeEnds({ master: 3, slave: 4 })).toBeUndefined();
  expect(parseNativeEnds({ master: 3, slave: 4, pty: "/etc/passwd" })).toBeUndefined();
  expect(parseNativeEnds({ master: 3, slave: 4, pty: "/dev/pts/7" })).toEqual({
    master: 3,
    slave: 4,
    path: "/dev/pts/7",
  });
});
