import { readFileSync } from "node:fs";
import { BottleError } from "../../base/errors.ts";
import { readCgroupFacts } from "./cgroup-facts.ts";
import { type CgroupPlaces, decideCgroups } from "./cgroups.ts";
import { type HostView, readHostView } from "./host-view.ts";
import { findPrograms, type Programs, resolvePrograms } from "./programs.ts";
import { renderInstructions } from "./seccomp/bpf.ts";
import { compileFilter } from "./seccomp/compile.ts";
import { type LocalSetup, parseFilterArch } from "./setup.ts";

/** What every guest of this process is made with. */
export type Workshop = {
  readonly setup: LocalSetup;
  /** Tells the guests of this home from those of another */
  readonly mark: string;
  readonly programs: Programs;
  readonly host: HostView;
  readonly cgroups: CgroupPlaces;
  /** What this user may not go beyond */
  readonly most: HardLimits;
  /** Seccomp filter as bubblewrap reads it */
  readonly filter: Uint8Array;
};

/** Gets everything ready that does not depend on the guest. Throws `backend/not-available` when something is missing. */
export function openWorkshop(setup: LocalSetup, mark: string): Workshop {
  const arch = parseFilterArch(setup.arch);
  if (arch === undefined) {
    throw new BottleError("backend/not-available", `there is no seccomp filter for ${setup.arch}`, {
      hint: "use another backend: --backend docker",
    });
  }
  const programs = resolvePrograms(findPrograms());
  if (!("bwrap" in programs)) {
    throw new BottleError("backend/not-available", `${programs.join(", ")} not installed`, {
      hint: "`bottle doctor` prints the command that installs what is missing",
    });
  }
  return {
    setup,
    mark,
    programs,
    host: readHostView(setup.nodePath),
    cgroups: decideCgroups(readCgroupFacts()),
    most: parseHardLimits(readFileSync("/proc/self/limits", "utf8")),
    filter: renderInstructions(compileFilter(arch)),
  };
}

/** Hard limits of this process, without an end where there is none. */
export type HardLimits = { readonly pids: number; readonly coreBytes: number };

/** The hard limits in a `/proc/PID/limits`. */
export function parseHardLimits(limits: string): HardLimits {
  const hard = (name: string) => {
    const value = new RegExp(`^Max ${name}\\s+\\S+\\s+(\\d+)`, "m").exec(limits)?.[1];
    return value === undefined ? Number.POSITIVE_INFINITY : Number(value);
  };
  return { pids: hard("processes"), coreBytes: hard("core file size") };
}
