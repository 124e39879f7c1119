import type { Probe, ProbeCheck } from "../backend.ts";
import type { CgroupFacts } from "./cgroup-facts.ts";
import { limitsHeldBy } from "./cgroups.ts";
import { PROGRAM_NAMES, type ProgramName } from "./programs.ts";

/** What was found on this machine, unjudged; tests give the facts of machines that are not at hand. */
export type ProbeFacts = {
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  readonly uid: number;
  readonly programs: ReadonlySet<ProgramName>;
  /** What `bwrap --version` says */
  readonly bwrapVersion: string | undefined;
  /** `ID` and `ID_LIKE` of `/etc/os-release` */
  readonly distributions: readonly string[];
  /** `/proc/sys/user/max_user_namespaces` */
  readonly maxUserNamespaces: number | undefined;
  /** `/proc/sys/kernel/unprivileged_userns_clone`, on kernels patched by Debian */
  readonly unprivilegedUserns: number | undefined;
  /** `/proc/sys/kernel/apparmor_restrict_unprivileged_userns`, Ubuntu 23.10 and later */
  readonly apparmorRestrictsUserns: number | undefined;
  /** Whether this process is itself in a container */
  readonly insideContainer: boolean;
  /** `/proc/sys/kernel/seccomp/actions_avail` */
  readonly seccompActions: string | undefined;
  readonly cgroups: CgroupFacts;
  readonly terminal: Attempt;
  /** How a real bottle went */
  readonly trial: Attempt;
};

/** How something that was tried went. */
export type Attempt =
  | { readonly kind: "not-tried" }
  | { readonly kind: "ok" }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly hint: string | undefined;
      /** Its folders could not be made: that tells nothing about the machine */
      readonly ofFiles?: boolean;
    };

/** Every check in the order in which an operator would mend them, and the verdict; pure. */
export function makeProbe(facts: ProbeFacts): Probe {
  if (facts.platform !== "linux") {
    const detail = `bubblewrap needs Linux, this is ${facts.platform}`;
    return verdict(facts, [check("platform", "failed", detail, "use another backend: --backend docker")]);
  }
  return verdict(facts, [
    checkPlatform(facts),
    checkBubblewrap(facts),
    checkTools(facts),
    checkNamespaces(facts),
    checkSeccomp(facts),
    checkTrial(facts),
    checkLimits(facts),
    checkTerminal(facts),
  ]);
}

/** Whether only a real bottle can tell if this machine allows one. */
export function needsTrial(facts: Omit<ProbeFacts, "trial">): boolean {
  return facts.insideContainer || facts.apparmorRestrictsUserns === 1;
}

/** The version that bubblewrap states, as numbers. */
export function parseBwrapVersion(text: string): readonly [number, number] | undefined {
  const found = /\bbubblewrap (\d+)\.(\d+)/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

const OLDEST = [0, 8] as const;

function verdict(facts: ProbeFacts, checks: readonly ProbeCheck[]): Probe {
  const usable = checks.every((one) => one.outcome !== "failed");
  const strength = `${facts.bwrapVersion ?? "bubblewrap"}: own namespaces, seccomp filter, no capabilities, no network`;
  return {
    backend: "local",
    usable,
    strength: usable ? strength : undefined,
    limits: limitsHeldBy(facts.cgroups),
    checks,
  };
}

function check(name: string, outcome: ProbeCheck["outcome"], detail: string, fix?: string): ProbeCheck {
  return { name, outcome, detail, fix };
}

function checkPlatform({ arch }: ProbeFacts): ProbeCheck {
  if (arch === "x64" || arch === "arm64") return check("platform", "ok", `Linux on ${arch}`);
  return check(
    "platform",
    "failed",
    `there is no seccomp filter for ${arch} yet`,
    "use another backend: --backend docker",
  );
}

function checkBubblewrap(facts: ProbeFacts): ProbeCheck {
  const name = "bubblewrap";
  if (!facts.programs.has("bwrap")) return check(name, "failed", "bwrap is not installed", installCommand(facts, name));
  const version = parseBwrapVersion(facts.bwrapVersion ?? "");
  if (version === undefined) {
    return check(name, "failed", "bwrap does not say its version", "run it by hand: bwrap --version");
  }
  const [major, minor] = version;
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!old) return check(name, "ok", facts.bwrapVersion ?? "");
  const fix = `install bubblewrap ${OLDEST.join(".")} or newer, from a newer release of the distribution`;
  return check(name, "failed", `${facts.bwrapVersion} is too old`, fix);
}

function checkTools(facts: ProbeFacts): ProbeCheck {
  const missing = PROGRAM_NAMES.filter((name) => name !== "bwrap" && !facts.programs.has(name));
  if (missing.length === 0) return check("util-linux", "ok", "all tools are there");
  return check("util-linux", "failed", `${missing.join(", ")} not installed`, installCommand(facts, "util-linux"));
}

function checkNamespaces(facts: ProbeFacts): ProbeCheck {
  const name = "user namespaces";
  const failed = (detail: string, fix: string) => check(name, "failed", detail, fix);
  if (facts.maxUserNamespaces === 0) {
    return failed("user.max_user_namespaces is 0", setSysctl(facts, "user.max_user_namespaces", 15000));
  }
  if (facts.unprivilegedUserns === 0) {
    const key = "kernel.unprivileged_userns_clone";
    return failed(`${key} is 0`, setSysctl(facts, key, 1));
  }
  if (facts.trial.kind !== "failed" || facts.trial.ofFiles === true) {
    if (facts.apparmorRestrictsUserns !== 1) return check(name, "ok", "allowed");
    return check(name, "ok", "restricted by AppArmor, and bubblewrap has a profile that allows them");
  }
  if (facts.apparmorRestrictsUserns === 1) {
    return failed("AppArmor keeps user namespaces from programs without a profile", appArmorFix(facts));
  }
  if (facts.insideContainer) {
    const fix = "start it on the host itself; a container would have to be weakened first";
    return failed("this is a container that does not allow bottles inside it", fix);
  }
  return check(name, "ok", "allowed");
}

function checkSeccomp({ seccompActions }: ProbeFacts): ProbeCheck {
  const needed = ["errno", "kill_process"];
  const there = seccompActions?.split(/\s+/) ?? [];
  if (needed.every((action) => there.includes(action))) return check("seccomp", "ok", "filters are available");
  return check("seccomp", "failed", "this kernel takes no seccomp filters", "use a kernel with CONFIG_SECCOMP_FILTER");
}

function checkTrial({ trial }: ProbeFacts): ProbeCheck {
  const name = "a real bottle";
  if (trial.kind === "not-tried") return check(name, "skipped", "not tried");
  if (trial.kind === "ok") return check(name, "ok", "ran `true` with the arguments of every start");
  return check(name, "failed", trial.message, trial.hint);
}

function checkLimits({ cgroups, uid }: ProbeFacts): ProbeCheck {
  const name = "limits";
  const { heldBy, why } = limitsHeldBy(cgroups);
  if (heldBy === "cgroup") return check(name, "ok", "processes, memory and cpus are held by control groups");
  const fix = uid === 0 ? undefined : "start it as root, or accept that only processes are limited";
  return check(name, "warning", `memory and cpus are not limited: ${why}; the number of processes is`, fix);
}

function checkTerminal({ terminal }: ProbeFacts): ProbeCheck {
  const name = "terminal";
  if (terminal.kind === "not-tried") return check(name, "skipped", "not tried");
  if (terminal.kind === "ok") return check(name, "ok", "a pseudo-terminal can be opened");
  return check(name, "warning", `interactive bottles are refused: ${terminal.message}`, terminal.hint);
}

const INSTALLERS: readonly (readonly [string, string])[] = [
  ["debian", "apt-get install"],
  ["ubuntu", "apt-get install"],
  ["fedora", "dnf install"],
  ["rhel", "dnf install"],
  ["arch", "pacman -S"],
  ["suse", "zypper install"],
  ["alpine", "apk add"],
];

function installCommand(facts: ProbeFacts, name: string): string {
  const installer = INSTALLERS.find(([id]) => facts.distributions.some((one) => one.includes(id)))?.[1];
  if (installer === undefined) return `install the package ${name} with your distribution's tool`;
  return asRoot(facts, `${installer} ${name}`);
}

function setSysctl(facts: ProbeFacts, key: string, value: number): string {
  return asRoot(facts, `sysctl -w ${key}=${value}`);
}

function appArmorFix(facts: ProbeFacts): string {
  const profile =
    "abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n";
  const file = "/etc/apparmor.d/bwrap";
  const write = `printf '${profile}' | ${asRoot(facts, `tee ${file}`)} >/dev/null`;
  return `${write} && ${asRoot(facts, `apparmor_parser -r ${file}`)}   # lets every local user make user namespaces through bwrap`;
}

function asRoot({ uid }: ProbeFacts, command: string): string {
  return uid === 0 ? command : `sudo ${command}`;
}
