import { chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../e2e/tmux-pane.ts";
import {
  INSIDE,
  OPERATORS,
  OUTER,
  openStartPane,
  prompted,
  type StartPane,
  startShell,
} from "../fixtures/start-pane.ts";

/** Opens every terminal that a descriptor or a path leads to and tries to take each over; one line for each. */
const TAKE = `
my ($outer) = @ARGV;
open(my $out, ">>", "taken") or die;
my @paths = ("/dev/tty", "/dev/console", $outer, glob("/dev/pts/*"), glob("/dev/tty*"), glob("/proc/[0-9]*/fd/*"),
  map { "/proc/$_/root$outer" } grep(/^\\d+$/, map { s{/proc/}{}r } glob("/proc/*")));
for my $path (grep(!/ptmx/, @paths)) {
  my $tty;
  next unless open($tty, "+<", $path) and -t $tty;
  my ($dev, $ino) = stat($tty);
  my @tries = (["push", 0x5412, "x"], ["linux", 0x541c, chr(2) . "\\0" x 16], ["ctty", 0x540e, 1], ["group", 0x5410, pack("i", $$)]);
  print $out "$dev:$ino";
  for my $try (@tries) {
    my ($name, $request, $argument) = @$try;
    $! = 0;
    my $done = ioctl($tty, $request, $argument);
    print $out " $name=", $done ? "ok" : $! + 0;
  }
  print $out " $path\\n";
}
print $out "done\\n";
`;

/** Reads for ever whatever can be read from any terminal, and keeps it. */
const READ = `
use Fcntl;
use IO::Handle;
$SIG{TTIN} = $SIG{TTOU} = $SIG{HUP} = "IGNORE";
open(my $out, ">", "read") or die;
$out->autoflush(1);
while (1) {
  for my $path ("/dev/tty", "/dev/console", @ARGV, glob("/dev/pts/*"), glob("/proc/[0-9]*/fd/*")) {
    my $tty;
    next if $path =~ /ptmx/ or !sysopen($tty, $path, O_RDWR | O_NONBLOCK | O_NOCTTY) or !-t $tty;
    ioctl($tty, 0x5410, pack("i", getpgrp));
    my $text;
    print $out $text if sysread($tty, $text, 4096);
  }
  select(undef, undef, undef, 0.01);
}
`;

const EPERM = "1";

let pane: StartPane;

describe.each(OPERATORS)("as $name: the terminal that the program runs on", (operator) => {
  let outer: string;

  beforeEach(async () => {
    pane = await openStartPane(operator);
    outer = pane.ask("#{pane_tty}");
    for (const [name, text] of [["take.pl", TAKE] as const, ["read.pl", READ] as const]) {
      writeFileSync(join(pane.repository, name), text);
      chownSync(join(pane.repository, name), operator.uid, operator.uid);
    }
  });

  afterEach(async () => {
    await pane.remove();
  });

  const insideFile = (name: string) => {
    const [slug = "none"] = pane.states();
    return join(pane.home, ".bot-bottle", "state", slug, "workspace", name);
  };

  test("is behind no descriptor, path or request, and stays with the program", async () => {
    await startShell(pane);
    const [program = 0] = pane.cliPids();
    const before = terminalOf(program);
    pane.line(`clear; perl take.pl ${outer}; setsid -w perl take.pl ${outer}`);
    pane.line("clear; echo o'ver'");
    await pane.until((screen) => /^over$/m.test(screen), "the attempts");
    const lines = readFileSync(insideFile("taken"), "utf8").trim().split("\n");
    expect(lines.filter((line) => line === "done")).toHaveLength(2);
    expect(lines.length).toBeGreaterThan(2);
    const { dev, ino } = statSync(outer);
    for (const line of lines.filter((one) => one !== "done")) {
      expect(line.startsWith(`${dev}:${ino} `), line).toBe(false);
      expect(line).toMatch(new RegExp(`push=${EPERM} linux=${EPERM} `));
    }
    expect(terminalOf(program)).toEqual(before);
    pane.line("clear; exit");
    await pane.until(prompted(OUTER), "the outer shell, with nothing typed into it");
  });

  test("is not read, not even while the program is stopped and the shell has it back", async () => {
    await startShell(pane);
    const [program = 0] = pane.cliPids();
    pane.line(`clear; perl read.pl ${outer}`);
    await waitFor(
      () => hasText(insideFile("read"), "") || undefined,
      () => "the reader",
    );
    pane.line("for-the-bottle");
    await waitFor(
      () => hasText(insideFile("read"), "for-the-bottle") || undefined,
      () => "what the reader reads from its own terminal",
    );
    process.kill(program, "SIGSTOP");
    await pane.until(prompted(OUTER), "the outer shell");
    pane.line("clear; echo for-the'-shell'");
    await pane.until(
      (screen) => /^for-the-shell$/m.test(screen) && prompted(OUTER)(screen),
      "a line that is read whole",
    );
    pane.line("fg");
    pane.line("last-for-the-bottle");
    await waitFor(
      () => hasText(insideFile("read"), "last-for-the-bottle") || undefined,
      () => "what is typed once the program goes on",
    );
    expect(readFileSync(insideFile("read"), "utf8")).not.toContain("-shell");
    pane.keys("C-c");
    await pane.until(prompted(INSIDE), "the shell inside");
  });
});

/** Session, controlling terminal and foreground group of a process, as the kernel has them. */
function terminalOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(3, 6);
}

function hasText(path: string, text: string): boolean {
  try {
    return readFileSync(path, "utf8").includes(text);
  } catch {
    return false; // not there yet
  }
}
