import { describe, expect, test } from "vitest";
import { makeProbe, needsTrial, type ProbeFacts, parseBwrapVersion } from "./probe.ts";
import { parseDistributions } from "./probe-facts.ts";
import { PROGRAM_NAMES } from "./programs.ts";

const DEBIAN: ProbeFacts = {
  platform: "linux",
  arch: "x64",
  uid: 1000,
  programs: new Set(PROGRAM_NAMES),
  bwrapVersion: "bubblewrap 0.8.0",
  distributions: ["debian"],
  maxUserNamespaces: 95000,
  unprivilegedUserns: 1,
  apparmorRestrictsUserns: undefined,
  insideContainer: false,
  seccompActions: "kill_process kill_thread trap errno user_notif trace log allow",
  cgroups: { v1: [], v2: { folder: "/sys/fs/cgroup", writable: false, controllers: ["memory", "pids"] } },
  terminal: { kind: "ok" },
  trial: { kind: "ok" },
};
const FAILED = { kind: "failed", message: "bwrap: setting up uid map: Permission denied", hint: undefined } as const;

function find(facts: Partial<ProbeFacts>, name: string) {
  const probe = makeProbe({ ...DEBIAN, ...facts });
  return { usable: probe.usable, ...probe.checks.find((check) => check.name === name) };
}

test("a machine on which everything is there", () => {
  const probe = makeProbe(DEBIAN);
  expect(probe.usable).toBe(true);
  expect(probe.strength).toBe("bubblewrap 0.8.0: own namespaces, seccomp filter, no capabilities, no network");
  expect(probe.checks.map(({ name, outcome }) => `${name}: ${outcome}`)).toMatchInlineSnapshot(`
    [
      "platform: ok",
      "bubblewrap: ok",
      "util-linux: ok",
      "user namespaces: ok",
      "seccomp: ok",
      "a real bottle: ok",
      "limits: warning",
      "terminal: ok",
    ]
  `);
});

test("an ordinary user is told that memory is not limited, root that it is", () => {
  expect(find({}, "limits")).toMatchObject({
    usable: true,
    outcome: "warning",
    detail: expect.stringContaining("memory"),
  });
  const v2 = { folder: "/sys/fs/cgroup", writable: true, controllers: ["memory", "pids"] };
  expect(find({ uid: 0, cgroups: { v1: [], v2 } }, "limits")).toMatchObject({ outcome: "ok" });
});

describe("what is missing, and the command that mends it", () => {
  test.each([
    [["debian"], 1000, "sudo apt-get install bubblewrap"],
    [["ubuntu", "debian"], 0, "apt-get install bubblewrap"],
    [["fedora"], 1000, "sudo dnf install bubblewrap"],
    [["rocky", "rhel", "centos", "fedora"], 1000, "sudo dnf install bubblewrap"],
    [["arch"], 0, "pacman -S bubblewrap"],
    [["opensuse-leap", "suse"], 0, "zypper install bubblewrap"],
    [["alpine"], 0, "apk add bubblewrap"],
    [["slackware"], 0, "install the package bubblewrap with your distribution's tool"],
  ])("no bubblewrap on %j for user %i", (distributions, uid, fix) => {
    const programs = new Set(PROGRAM_NAMES.filter((name) => name !== "bwrap"));
    expect(find({ distributions, uid, programs, bwrapVersion: undefined }, "bubblewrap")).toMatchObject({
      usable: false,
      outcome: "failed",
      fix,
    });
  });

  test("a bubblewrap that is too old, or does not say", () => {
    expect(find({ bwrapVersion: "bubblewrap 0.6.2" }, "bubblewrap")).toMatchObject({
      usable: false,
      outcome: "failed",
    });
    expect(find({ bwrapVersion: "" }, "bubblewrap")).toMatchObject({ usable: false, outcome: "failed" });
    expect(find({ bwrapVersion: "bubblewrap 0.11.0" }, "bubblewrap")).toMatchObject({ usable: true, outcome: "ok" });
    expect(find({ bwrapVersion: "bubblewrap 1.0" }, "bubblewrap")).toMatchObject({ usable: true, outcome: "ok" });
  });

  test("a tool of util-linux", () => {
    const programs = new Set(PROGRAM_NAMES.filter((name) => name !== "nsenter"));
    expect(find({ programs }, "util-linux")).toMatchObject({ usable: false, detail: "nsenter not installed" });
  });

  test("user namespaces switched off", () => {
    expect(find({ maxUserNamespaces: 0 }, "user namespaces")).toMatchObject({
      usable: false,
      fix: "sudo sysctl -w user.max_user_namespaces=15000",
    });
    expect(find({ unprivilegedUserns: 0, uid: 0 }, "user namespaces")).toMatchObject({
      usable: false,
      fix: "sysctl -w kernel.unprivileged_userns_clone=1",
    });
  });

  test("Ubuntu's AppArmor restriction, without and with a profile", () => {
    const ubuntu = { distributions: ["ubuntu", "debian"], apparmorRestrictsUserns: 1 };
    const refused = find({ ...ubuntu, trial: FAILED }, "user namespaces");
    expect(refused).toMatchObject({ usable: false, outcome: "failed" });
    expect(refused.fix).toContain("sudo tee /etc/apparmor.d/bwrap");
    expect(refused.fix).toContain("sudo apparmor_parser -r /etc/apparmor.d/bwrap");
    expect(refused.fix).toContain("lets every local user");
    expect(find(ubuntu, "user namespaces")).toMatchObject({ usable: true, outcome: "ok" });
    expect(needsTrial({ ...DEBIAN, ...ubuntu })).toBe(true);
  });

  test("a container", () => {
    expect(find({ insideContainer: true, trial: FAILED }, "user namespaces")).toMatchObject({
      usable: false,
      detail: expect.stringContaining("container"),
    });
    const readOnly = { ...FAILED, message: "cannot create /home/u/.cache: permission denied", ofFiles: true };
    expect(find({ insideContainer: true, trial: readOnly }, "user namespaces")).toMatchObject({ outcome: "ok" });
    expect(find({ insideContainer: true, trial: readOnly }, "a real bottle")).toMatchObject({
      usable: false,
      detail: readOnly.message,
    });
    expect(needsTrial({ ...DEBIAN, insideContainer: true })).toBe(true);
    expect(needsTrial(DEBIAN)).toBe(false);
  });

  test("seccomp, the architecture, the platform", () => {
    expect(find({ seccompActions: undefined }, "seccomp")).toMatchObject({ usable: false, outcome: "failed" });
    expect(find({ arch: "riscv64" }, "platform")).toMatchObject({ usable: false, outcome: "failed" });
    const mac = makeProbe({ ...DEBIAN, platform: "darwin" });
    expect(mac).toMatchObject({ usable: false, strength: undefined, checks: [{ outcome: "failed" }] });
  });

  test("a real bottle that fails although every fact looks right", () => {
    expect(find({ trial: FAILED }, "a real bottle")).toMatchObject({ usable: false, detail: FAILED.message });
    expect(find({ trial: { kind: "not-tried" } }, "a real bottle")).toMatchObject({ usable: true, outcome: "skipped" });
  });

  test("no terminal is a warning: headless bottles still work", () => {
    expect(find({ terminal: FAILED }, "terminal")).toMatchObject({ usable: true, outcome: "warning" });
  });
});

test("every check that failed says what mends it or what was said", () => {
  const worst = makeProbe({
    ...DEBIAN,
    programs: new Set(),
    bwrapVersion: undefined,
    maxUserNamespaces: 0,
    seccompActions: "",
    trial: FAILED,
  });
  for (const check of worst.checks.filter((one) => one.outcome === "failed" && one.name !== "a real bottle")) {
    expect(check.fix).toBeTruthy();
  }
});

test("versions and distributions are read from what programs say", () => {
  expect(parseBwrapVersion("bubblewrap 0.8.0\n")).toEqual([0, 8]);
  expect(parseBwrapVersion("bwrap?")).toBeUndefined();
  expect(parseDistributions('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n')).toEqual([
    "ubuntu",
    "debian",
  ]);
  expect(parseDistributions('ID="rocky"\nID_LIKE="rhel centos fedora"\n')).toEqual([
    "rocky",
    "rhel",
    "centos",
    "fedora",
  ]);
  expect(parseDistributions("")).toEqual([]);
});
