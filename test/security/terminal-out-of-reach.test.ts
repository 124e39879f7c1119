import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { openPty, type Pty } from "../../src/base/pty.ts";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

/** Tries to use every terminal it can find: read it, take it over, put text into it. */
const TAKE = `
for my $path (map("/proc/self/fd/$_", 0 .. 9), "/dev/tty", grep(!/ptmx/, glob("/dev/pts/*")), map("/proc/1/fd/$_", 0 .. 9)) {
  my $tty;
  next unless open($tty, "+<", $path) and -t $tty;
  my $name = readlink($path) // $path;
  $! = 0; my $pushed = ioctl($tty, 0x5412, my $key = "x"); my $push = $! + 0;
  my $group = pack("i", $$); $! = 0; my $grabbed = ioctl($tty, 0x5410, $group); my $grab = $! + 0;
  print "$path $name push=", ($pushed ? "ok" : $push), " grab=", ($grabbed ? "ok" : $grab), "\\n";
}
print "done\\n";
`;

describe(`as ${WHO}: the caller's terminal is out of reach`, () => {
  let results: ReadonlyMap<string, string>;
  beforeAll(async () => {
    results = await attack();
  });

  test.each(["tiocsti", "tiocsti-high-bits", "tioclinux", "tioclinux-high-bits", "tiocsetd"])(
    "%s is refused",
    (name) => {
      expect(results.get(name)).toBe(ERRNO.EPERM);
    },
  );

  test("a headless bottle finds no terminal at all, also when the caller has one open", async () => {
    const pty = await openPty({ columns: 80, rows: 24 });
    const slave = openSync(readlinkSync(`/proc/self/fd/${pty.slaveFd}`), constants.O_RDWR | constants.O_NOCTTY);
    const bottle = await openTestBottle();
    try {
      const { stdout, stderr } = await bottle.run(["perl", "-e", TAKE]);
      expect(stderr).toBe("");
      expect(stdout).toBe("done\n");
    } finally {
      await bottle.close();
      closeSync(slave);
      pty.close();
    }
  });

  test("an interactive bottle has its own terminal, can grab only that one and push nothing", async () => {
    const others: Pty = await openPty({ columns: 80, rows: 24 });
    const bottle = await openTestBottle();
    try {
      const terminal = { columns: 200, rows: 24, term: "dumb" };
      const one = await bottle.guest.exec({ argv: ["perl", "-e", TAKE], env: new Map(), cwd: "/", terminal });
      if (one.kind !== "terminal") throw new Error("a terminal was asked for");
      const chunks: Buffer[] = [];
      for await (const chunk of one.terminal.output) chunks.push(chunk as Buffer);
      const lines = Buffer.concat(chunks).toString().trim().split("\r\n");
      expect(lines.at(-1)).toBe("done");
      const found = lines.slice(0, -1).map((line) => line.split(" "));
      expect(found.length).toBeGreaterThan(0);
      for (const [, , push] of found) expect(push).toBe("push=1");
      // its own, by descriptor and by name; nothing of another terminal, and no master
      const names = new Set(found.map(([, name]) => name).filter((name) => name !== "/dev/tty"));
      expect([...names]).toEqual([expect.stringMatching(/^\/dev\/pts\/\d+$/)]);
      await one.exit;
    } finally {
      await bottle.close();
      others.close();
    }
  });
});
