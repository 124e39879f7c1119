import type { Backend, ProbeCheck } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { makePrivateFolder, readFreeBytes } from "../base/files.ts";
import { type Run, run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";

/** One part of the machine and the checks that were made of it. */
export type DoctorSection = {
  readonly name: string;
  /** False when nothing of this part can be used */
  readonly usable: boolean;
  readonly strength: string | undefined;
  readonly checks: readonly ProbeCheck[];
};

/** Everything that `bottle doctor` found. */
export type DoctorReport = {
  /** True when at least one way to isolate works and nothing common to all is broken */
  readonly ok: boolean;
  readonly sections: readonly DoctorSection[];
};

const LOW_SPACE_BYTES = 1024 ** 3;

/** Runs every check there is; a check that breaks is a finding, not an error. */
export async function examine(context: Context, backends: readonly Backend[]): Promise<DoctorReport> {
  const common = [checkNode(context), ...(await Promise.all([checkGit(context, run), checkState(context)]))];
  const base: DoctorSection = {
    name: "bot-bottle",
    usable: common.every(({ outcome }) => outcome !== "failed"),
    strength: `${context.version} on ${context.platform} ${context.arch}`,
    checks: common,
  };
  const sections: DoctorSection[] = [base];
  // One after the other: a probe starts real namespaces, and two at once would blur what each one says.
  for (const backend of backends) {
    const probe = await backend.probe(context.signal, "deep");
    sections.push({ name: probe.backend, usable: probe.usable, strength: probe.strength, checks: probe.checks });
  }
  return { ok: base.usable && sections.slice(1).some(({ usable }) => usable), sections };
}

function checkNode(context: Context): ProbeCheck {
  return { name: "node", outcome: "ok", detail: context.nodePath, fix: undefined };
}

async function checkGit(context: Context, runProgram: Run): Promise<ProbeCheck> {
  try {
    const { stdout } = await runProgram(["git", "--version"], { env: { PATH: SYSTEM_PATH }, timeoutMs: 5_000 });
    return { name: "git", outcome: "ok", detail: stdout.toString("utf8").trim(), fix: undefined };
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    const fix = context.platform === "darwin" ? "xcode-select --install" : "sudo apt-get install git";
    return { name: "git", outcome: "failed", detail: "repositories cannot be copied without git", fix };
  }
}

async function checkState(context: Context): Promise<ProbeCheck> {
  const folder = context.paths.state;
  try {
    await makePrivateFolder(folder);
    const free = await readFreeBytes(folder);
    const detail = `${folder}, ${Math.floor(free / 1024 ** 2)} MB free`;
    if (free >= LOW_SPACE_BYTES) return { name: "state folder", outcome: "ok", detail, fix: undefined };
    return { name: "state folder", outcome: "warning", detail, fix: "bottle cleanup --all" };
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    return { name: "state folder", outcome: "failed", detail: error.message, fix: error.hint };
  }
}
