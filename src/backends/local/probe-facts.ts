import { access, readFile } from "node:fs/promises";
import { BottleError, systemErrorCode } from "../../base/errors.ts";
import { openPty } from "../../base/pty.ts";
import { readCgroupFacts } from "./cgroup-facts.ts";
import type { Attempt, ProbeFacts } from "./probe.ts";
import type { ProgramName } from "./programs.ts";
import type { LocalSetup } from "./setup.ts";

const NOT_TRIED: Attempt = { kind: "not-tried" };
const VERSION_TIMEOUT_MS = 5000;

/** What is known already, and how thoroughly the rest is looked at. */
export type ProbeReading = {
  readonly signal: AbortSignal | undefined;
  readonly depth: "quick" | "deep";
  /** What `bwrap --version` said before, when nothing has changed since */
  readonly bwrapVersion: string | undefined;
};

/** Reads everything a probe judges except how a real bottle goes; never throws. */
export async function readProbeFacts(
  setup: LocalSetup,
  found: ReadonlyMap<ProgramName, string>,
  { signal, depth, bwrapVersion }: ProbeReading,
): Promise<Omit<ProbeFacts, "trial">> {
  const [osRelease, max, clone, apparmor, seccompActions, containers, terminal] = await Promise.all([
    readText("/etc/os-release"),
    readNumber("/proc/sys/user/max_user_namespaces"),
    readNumber("/proc/sys/kernel/unprivileged_userns_clone"),
    readNumber("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    readText("/proc/sys/kernel/seccomp/actions_avail"),
    Promise.all(["/.dockerenv", "/run/.containerenv"].map(isThere)),
    // A start that needs a terminal opens one anyway.
    depth === "quick" ? NOT_TRIED : attempt(async () => (await openPty({ columns: 80, rows: 24 })).close()),
  ]);
  return {
    platform: setup.platform,
    arch: setup.arch,
    uid: setup.uid,
    programs: new Set(found.keys()),
    bwrapVersion: bwrapVersion ?? (await readVersion(setup, found.get("bwrap"), signal)),
    distributions: parseDistributions(osRelease ?? ""),
    maxUserNamespaces: max,
    unprivilegedUserns: clone,
    apparmorRestrictsUserns: apparmor,
    insideContainer: containers.includes(true),
    seccompActions,
    cgroups: readCgroupFacts(),
    terminal,
  };
}

/** What came of trying: a failure becomes a value with its words and fix. */
export async function attempt(work: () => Promise<void>): Promise<Attempt> {
  try {
    await work();
    return { kind: "ok" };
  } catch (error) {
    if (error instanceof BottleError) {
      const { code, message, hint } = error;
      return { kind: "failed", message, hint, ofFiles: code.startsWith("file/") };
    }
    return { kind: "failed", message: error instanceof Error ? error.message : String(error), hint: undefined };
  }
}

/** `ID` and `ID_LIKE` of an os-release file. */
export function parseDistributions(osRelease: string): readonly string[] {
  return [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, names = ""]) =>
    names.split(/\s+/).filter(Boolean),
  );
}

async function readVersion(
  { run }: LocalSetup,
  bwrap: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (bwrap === undefined) return undefined;
  const options = { env: {}, timeoutMs: VERSION_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const finished = await run([bwrap, "--version"], options).catch(() => undefined);
  return finished?.stdout.toString("utf8").trim();
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

async function readNumber(path: string): Promise<number | undefined> {
  const text = (await readText(path))?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    (error: unknown) => systemErrorCode(error) === "EACCES",
  );
}
