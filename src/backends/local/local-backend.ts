import { readFile } from "node:fs/promises";
import { BottleError } from "../../base/errors.ts";
import type { Backend } from "../backend.ts";
import { readCgroupFacts } from "./cgroup-facts.ts";
import { decideCgroups } from "./cgroups.ts";
import { openGuest, type Workshop } from "./guest.ts";
import { readHostView } from "./host-view.ts";
import { makeHomeMark } from "./labels.ts";
import { findPrograms, resolvePrograms } from "./programs.ts";
import { renderInstructions } from "./seccomp/bpf.ts";
import { compileFilter } from "./seccomp/compile.ts";
import { type LocalSetup, parseFilterArch } from "./setup.ts";

/** The embedded backend: bubblewrap on the host's own kernel, no daemon and no image. */
export function makeLocalBackend(setup: LocalSetup): Backend {
  const mark = makeHomeMark(setup.home);
  return {
    name: "local",
    probe: async () => ({ backend: "local", usable: true, strength: undefined, checks: [] }),
    create: async (spec, scope) => openGuest(await openWorkshop(setup, mark), spec, scope),
    list: async () => [],
    remove: async () => {},
  };
}

async function openWorkshop(setup: LocalSetup, mark: string): Promise<Workshop> {
  const arch = parseFilterArch(setup.arch);
  if (arch === undefined) {
    throw new BottleError("backend/not-available", `there is no seccomp filter for ${setup.arch}`);
  }
  const [found, host, cgroups, limits] = await Promise.all([
    findPrograms(setup.path),
    readHostView(setup.nodePath),
    readCgroupFacts(),
    readFile("/proc/self/limits", "utf8"),
  ]);
  const programs = resolvePrograms(found);
  if (!("bwrap" in programs)) {
    throw new BottleError("backend/not-available", `${programs.join(", ")} not installed`, {
      hint: "`bottle doctor` prints the command that installs them",
    });
  }
  return {
    setup,
    mark,
    programs,
    host,
    cgroups: decideCgroups(cgroups),
    mostPids: parseMostPids(limits),
    filter: renderInstructions(compileFilter(arch)),
  };
}

/** The hard limit of processes in a `/proc/PID/limits`; no limit when there is none. */
export function parseMostPids(limits: string): number {
  const hard = /^Max processes\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
