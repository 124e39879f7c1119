import { BottleError } from "../../base/errors.ts";
import type { Finished } from "../../base/process.ts";
import type { Probe, ProbeCheck } from "../backend.ts";
import { parseMachines } from "./output.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { errorWords, explainWords, type Smolvm } from "./smolvm.ts";
import type { Trial } from "./trial.ts";
import { judgeVersion, parseVersion, renderVersion, type Version } from "./version.ts";

/** What was found of smolvm: a version that can be used, or the check that says why there is none. */
export type SmolvmFound =
  | { readonly kind: "smolvm"; readonly version: Version; readonly checks: readonly ProbeCheck[] }
  | { readonly kind: "none"; readonly check: ProbeCheck };

/** What the first two questions to the command came to; undefined when it is not there. */
export type FirstAnswers =
  | { readonly version: Pick<Finished, "exit" | "stdout">; readonly list: Pick<Finished, "exit" | "stdout" | "stderr"> }
  | undefined;

const INSTALL =
  "curl -sSL https://smolmachines.com/install.sh | bash   (or: brew install smol-machines/tap/smolvm), or set BOTTLE_SMOLVM";
const ASK_DEADLINE_MS = 15_000;

/** Asks the command who it is. */
export async function askSmolvm(smolvm: Smolvm): Promise<FirstAnswers> {
  try {
    const version = await smolvm.run(["--version"], { timeoutMs: ASK_DEADLINE_MS });
    const list = await smolvm.run(["machine", "ls", "--json"], { timeoutMs: ASK_DEADLINE_MS });
    return { version, list };
  } catch (error) {
    if (error instanceof BottleError && error.code === "process/not-found") return undefined;
    if (!(error instanceof BottleError)) throw error;
    const exit = { kind: "code", code: 1 } as const;
    const stderr = `Error: ${error.message}`;
    return { version: { exit, stdout: Buffer.alloc(0) }, list: { exit, stdout: Buffer.alloc(0), stderr } };
  }
}

/** Tells apart: no command, another program of that name, too old, one whose data cannot be used. Pure. */
export function findSmolvm(
  command: string,
  { platform, arch }: Pick<SmolmachinesSetup, "platform" | "arch">,
  answers: FirstAnswers,
): SmolvmFound {
  const failed = (name: string, detail: string, fix: string): SmolvmFound => ({
    kind: "none",
    check: { name, outcome: "failed", detail, fix },
  });
  if (platform === "darwin" && arch !== "arm64") {
    return failed("machine", "smolvm runs on Macs with Apple silicon only", "use --backend docker");
  }
  if (answers === undefined) return failed("command", `${command} is not installed, or not on the PATH`, INSTALL);
  const version = parseVersion(answers.version.stdout.toString("utf8"));
  const machines = parseMachines(answers.list.stdout.toString("utf8"));
  const words = errorWords(answers.list.stderr);
  if (version === undefined || (machines === undefined && words === "")) {
    const detail = `${command} is another program: one of that name by somebody else does not know \`machine ls --json\``;
    return failed("command", detail, `${INSTALL} to the smolvm of smol-machines`);
  }
  const verdict = judgeVersion(version, platform);
  if (verdict.kind === "refused") return failed("version", verdict.detail, verdict.fix);
  if (machines === undefined) {
    const [line = ""] = words.split("\n", 1);
    return failed("state", line, explainWords(words) ?? `try it alone: ${command} machine ls`);
  }
  const name = "version";
  const check: ProbeCheck =
    verdict.kind === "warning"
      ? { name, outcome: "warning", detail: verdict.detail, fix: verdict.fix }
      : { name, outcome: "ok", detail: `smolvm ${renderVersion(version)}`, fix: undefined };
  return { kind: "smolvm", version, checks: [check] };
}

/** The whole answer. Pure. */
export function makeProbe(found: SmolvmFound, trial: Trial, engine: ProbeCheck): Probe {
  const checks = found.kind === "none" ? [found.check] : [...found.checks, trialCheck(trial), engine];
  const broken = checks.find(({ outcome }) => outcome === "failed");
  if (found.kind === "none" || broken !== undefined) {
    const why = broken?.detail ?? "it was not found";
    return { backend: "smolmachines", usable: false, strength: undefined, limits: { heldBy: "nothing", why }, checks };
  }
  const text = renderVersion(found.version);
  return {
    backend: "smolmachines",
    usable: true,
    strength: `micro-VM, smolvm ${text}: a kernel of its own, no network`,
    limits: { heldBy: "machine", why: undefined },
    checks,
  };
}

const AGAIN = "then `bottle doctor`, which tries it again";

function trialCheck(trial: Trial): ProbeCheck {
  switch (trial.kind) {
    case "works":
      return { name: "machine", outcome: "ok", detail: "a machine has booted", fix: undefined };
    case "untried":
      return { name: "machine", outcome: "skipped", detail: "not tried yet whether one boots", fix: undefined };
    case "broken": {
      const name = /kvm permission denied/i.test(trial.why)
        ? "permission"
        : /kvm not available/i.test(trial.why)
          ? "KVM"
          : "machine";
      const [detail = ""] = trial.why.split("\n", 1);
      return { name, outcome: "failed", detail, fix: `${explainWords(trial.why) ?? "smolvm machine run"}; ${AGAIN}` };
    }
  }
}
