import type { Exit } from "../../base/process.ts";
import { engineWords, explainWords } from "../../images/engine.ts";
import type { Probe, ProbeCheck } from "../backend.ts";
import { type EngineFacts, parseEngineFacts } from "./output.ts";
import type { RuntimeTrial } from "./trial.ts";

/** What `docker info` came to; undefined output for a command that is not there. */
export type InfoOutcome = { readonly exit: Exit; readonly stdout: string; readonly stderr: string } | undefined;

/** Oldest engine whose `run` and `exec` take all that a bottle needs. */
const OLDEST_ENGINE = { major: 20, minor: 10 };
const OLDEST_PODMAN = { major: 4, minor: 3 };

const INSTALL: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin:
    "install Docker Desktop (https://docs.docker.com/desktop/setup/install/mac-install/) or: brew install colima docker",
  linux: "sudo apt-get install docker.io   (or https://docs.docker.com/engine/install/)",
};

/** What a probe found so far: an engine, or the one check that says why there is none. */
export type EngineFound =
  | { readonly kind: "engine"; readonly facts: EngineFacts }
  | { readonly kind: "none"; readonly check: ProbeCheck };

/** Tells apart: no command, no engine behind it, no permission, too old. Pure. */
export function findEngine(command: string, platform: NodeJS.Platform, info: InfoOutcome): EngineFound {
  const failed = (name: string, detail: string, fix: string | undefined): EngineFound => ({
    kind: "none",
    check: { name, outcome: "failed", detail, fix },
  });
  if (info === undefined) {
    const fix = command === "docker" ? INSTALL[platform] : `install ${command}, or unset BOTTLE_DOCKER`;
    return failed("command", `${command} is not installed, or not on the PATH`, fix);
  }
  const facts = parseEngineFacts(info.stdout);
  if (facts === undefined) {
    const words = engineWords(info.stderr) || serverErrors(info.stdout) || "no engine answers";
    const name = /permission denied/i.test(words) ? "permission" : "engine";
    return failed(name, firstLine(words), explainWords(command, words) ?? START[platform] ?? START.linux);
  }
  const oldest = command.endsWith("podman") ? OLDEST_PODMAN : OLDEST_ENGINE;
  const [major = 0, minor = 0] = facts.version.split(".").map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    const detail = `the engine is ${facts.version}; ${oldest.major}.${oldest.minor} or newer is needed`;
    return failed("engine", detail, "update the engine");
  }
  return { kind: "engine", facts };
}

const START: Readonly<Partial<Record<NodeJS.Platform, string>>> & { readonly linux: string } = {
  darwin: "open Docker Desktop, or: colima start",
  linux: "sudo systemctl start docker",
};

function serverErrors(stdout: string): string {
  const match = /"ServerErrors":\["([^"]*)"/.exec(stdout);
  return match?.[1] ?? "";
}

function firstLine(words: string): string {
  return words.split("\n", 1).join();
}

/** The whole answer for an engine that is there. Pure. */
export function makeProbe(command: string, facts: EngineFacts, trial: RuntimeTrial): Probe {
  const checks: readonly ProbeCheck[] = [
    { name: "engine", outcome: "ok", detail: `${command}: engine ${facts.version} on ${facts.system}`, fix: undefined },
    facts.seccomp
      ? { name: "seccomp", outcome: "ok", detail: "the engine's own filter of system calls", fix: undefined }
      : {
          name: "seccomp",
          outcome: "warning",
          detail: "the engine filters no system calls",
          fix: "give it back its default seccomp profile",
        },
    runtimeCheck(trial),
    limitsCheck(facts),
  ];
  const isolation = trial.kind === "works" ? "gVisor" : "container";
  const kernel =
    trial.kind === "works" ? "a kernel of its own in user space" : facts.seccomp ? "seccomp" : "no seccomp";
  const untold = trial.kind === "broken" ? "; gVisor is registered and does not work" : "";
  return {
    backend: "docker",
    usable: true,
    strength: `${isolation}, engine ${facts.version}: no network, no capabilities, ${kernel}, read-only root${untold}`,
    limits: facts.memoryLimit
      ? { heldBy: "cgroup", why: undefined }
      : { heldBy: "nothing", why: "the engine cannot limit memory on this machine" },
    checks,
  };
}

function runtimeCheck(trial: RuntimeTrial): ProbeCheck {
  switch (trial.kind) {
    case "none":
      return {
        name: "gVisor",
        outcome: "skipped",
        detail: "not registered with the engine; containers share this kernel",
        fix: undefined,
      };
    case "untried":
      return { name: "gVisor", outcome: "skipped", detail: "registered, and not tried yet", fix: undefined };
    case "works":
      return {
        name: "gVisor",
        outcome: "ok",
        detail: "a trial container ran; every bottle runs under it",
        fix: undefined,
      };
    case "broken":
      return {
        name: "gVisor",
        outcome: "warning",
        detail: `${trial.why}; bottles run without it`,
        fix: 'give it "runtimeArgs": ["--network=none", "--platform=systrap"] in daemon.json, or remove it there',
      };
  }
}

function limitsCheck({ memoryLimit, cpuLimit, pidsLimit }: EngineFacts): ProbeCheck {
  const missing = [memoryLimit ? [] : "memory", cpuLimit ? [] : "cpus", pidsLimit ? [] : "processes"].flat();
  if (missing.length === 0) {
    return { name: "limits", outcome: "ok", detail: "memory, cpus and processes by the engine", fix: undefined };
  }
  return {
    name: "limits",
    outcome: "warning",
    detail: `the engine cannot limit ${missing.join(", ")}`,
    fix: undefined,
  };
}
