import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openPty } from "../../src/base/pty.ts";
import { driverArgv } from "../fixtures/driver-argv.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

/** The cover over a caller's descriptor, the folder being listed, and the bottle's own two outputs: pipes without a name. */
const ITS_OWN = /^(\/dev\/null|\/proc\/\d+\/fd|\/\S+\/scratch\/[0-9a-f-]{36} \(deleted\))$/;

test(`as ${WHO}: no descriptor of the caller gets into a bottle`, async () => {
  const root = openSync("/", "r");
  try {
    // far above what Node itself closes, as a shell's "40</" leaves it
    const stdio = Array.from({ length: 41 }, (_none, fd) =>
      fd === 40 ? root : fd < 3 ? ("pipe" as const) : ("ignore" as const),
    );
    const [file, ...args] = driverArgv(
      "sh",
      "-c",
      "for f in /proc/self/fd/*; do readlink $f; done; ls /proc/self/fd/40/ /proc/1/fd/40/",
    );
    const child = spawn(file, args, { stdio });
    child.stdin?.end();
    if (child.stdout === null || child.stderr === null) throw new Error("pipes were asked for");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(err).toMatch(/Not a directory|No such file/);
    const targets = out
      .trim()
      .split("\n")
      .filter((line) => !/^(socket|pipe):\[/.test(line));
    for (const target of targets) expect(target).toMatch(ITS_OWN);
  } finally {
    closeSync(root);
  }
});

test(`as ${WHO}: the master of another terminal does not get in`, async () => {
  const pty = await openPty({ columns: 80, rows: 24 });
  const bottle = await openTestBottle();
  try {
    const { stdout } = await bottle.run(["sh", "-c", "for f in /proc/self/fd/* /proc/1/fd/*; do readlink $f; done"]);
    expect(stdout).not.toMatch(/pts|ptmx|tty/);
  } finally {
    await bottle.close();
    pty.close();
  }
});
