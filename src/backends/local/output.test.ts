import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explainLaunchFailure, parseExitCode, parseStatus } from "./output.ts";

const FAILED = { kind: "code", code: 1 } as const;

describe("what bubblewrap reports", () => {
  test("the lines of version 0.8.0", () => {
    const started = '{ "child-pid": 8836, "mnt-namespace": 4026532178, "pid-namespace": 4026532180 }';
    expect(parseStatus(started)).toEqual({ kind: "started", pid: 8836 });
    expect(parseStatus('{ "exit-code": 137 }')).toEqual({ kind: "ended", code: 137 });
  });

  test("anything else is no report and no error", () => {
    for (const line of ["", "{", "null", "[]", "1", '{"child-pid":"8"}', '{"new":1}']) {
      expect(parseStatus(line)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (line) => void parseStatus(line)));
  });

  test("128 + N is signal N where there is one", () => {
    expect(parseExitCode(0)).toEqual({ kind: "code", code: 0 });
    expect(parseExitCode(127)).toEqual({ kind: "code", code: 127 });
    expect(parseExitCode(128)).toEqual({ kind: "code", code: 128 });
    expect(parseExitCode(130)).toEqual({ kind: "signal", signal: "SIGINT" });
    expect(parseExitCode(137)).toEqual({ kind: "signal", signal: "SIGKILL" });
    expect(parseExitCode(139)).toEqual({ kind: "signal", signal: "SIGSEGV" });
    expect(parseExitCode(255)).toEqual({ kind: "code", code: 255 });
  });
});

describe("why a launch failed", () => {
  test.each([
    [
      "bwrap: execvp nosuch: No such file or directory",
      "launch/command-not-found",
      /nosuch is not in the bottle/,
      /tools/,
    ],
    [
      "bwrap: execvp /etc/passwd: Permission denied",
      "launch/command-not-executable",
      /\/etc\/passwd cannot be/,
      /ls -l/,
    ],
    ["bwrap: execvp ./x: Exec format error", "launch/command-not-executable", /Exec format error/, undefined],
    ["bwrap: Can't chdir to /nosuch: No such file or directory", "launch/failed", /no folder \/nosuch/, undefined],
    [
      "bwrap: Can't find source path /nosuch: No such file or directory",
      "launch/failed",
      /\/nosuch does not exist/,
      /config/,
    ],
    [
      "bwrap: Can't find source path /root/x: Permission denied",
      "launch/failed",
      /\/root\/x cannot be reached/,
      /namei/,
    ],
    [
      "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. See <https://deb.li/bubblewrap> or <file:///usr/share/doc/bubblewrap/README.Debian.gz>.",
      "launch/failed",
      /does not allow new user namespaces/,
      /doctor/,
    ],
    [
      "bwrap: Creating new namespace failed: Operation not permitted",
      "launch/failed",
      /does not allow new user/,
      /doctor/,
    ],
    [
      "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
      "launch/failed",
      /no more user namespaces/,
      /sysctl/,
    ],
    ["bwrap: setting up uid map: Operation not permitted", "launch/failed", /restricts/, /doctor/],
    ["bwrap: setting up uid map: Permission denied", "launch/failed", /restricts/, /doctor/],
    ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "launch/failed", /restricts/, /doctor/],
    ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "launch/failed", /nested/, /backend/],
    [
      "bwrap: cannot open /proc/sys/user/max_user_namespaces: Read-only file system",
      "launch/failed",
      /nested/,
      /backend/,
    ],
    ["bwrap: Unknown option --disable-userns", "launch/failed", /does not know --disable-userns/, /0\.8/],
    ["bwrap: Can't fork for pid 1: Resource temporarily unavailable", "launch/failed", /limit of processes/, /pids/],
    ["nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted", "launch/failed", /gone/, /again/],
    ["nsenter: cannot open /proc/9/ns/user: No such file or directory", "launch/failed", /gone/, /again/],
    ["prlimit: failed to set the NPROC resource limit: Operation not permitted", "launch/failed", /higher/, /ulimit/],
    ["bwrap: prctl(PR_SET_SECCOMP): Invalid argument", "launch/failed", /seccomp/, /doctor/],
  ] as const)("%s", (words, code, message, hint) => {
    const failure = explainLaunchFailure(words, FAILED);
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    if (hint === undefined) expect(failure.hint).toBeUndefined();
    else expect(failure.hint).toMatch(hint);
  });

  test("unknown words are passed on, silence is told as such", () => {
    expect(explainLaunchFailure("first\nbwrap: something new\n", FAILED).message).toContain("bwrap: something new");
    expect(explainLaunchFailure("", { kind: "signal", signal: "SIGKILL" }).message).toContain("by SIGKILL");
    expect(explainLaunchFailure("", FAILED).message).toContain("with code 1");
  });
});
