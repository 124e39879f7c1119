import { join } from "node:path";
import type { Backend, Probe } from "../backends/backend.ts";
import { selectBackend } from "../backends/select.ts";
import type { Context } from "../base/context.ts";
import type { BottleError } from "../base/errors.ts";
import { findUpwards } from "../base/find-upwards.ts";
import { readHolder } from "../base/holder.ts";
import { systemIds } from "../base/ids.ts";
import { packageRoot } from "../base/package-root.ts";
import { run } from "../base/process.ts";
import { makeSlug } from "../bottles/claim-slug.ts";
import { findUnbuilt, OFF_FEATURES } from "../manifest/features.ts";
import { type LoadedManifest, loadManifest } from "../manifest/load-manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import type { HostFacts, WorkspaceFacts } from "../plan/host-facts.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { BottlePlan } from "../plan/plan.ts";
import type { ProviderFacts } from "../plan/planned-provider.ts";
import type { StartRequest } from "../plan/request.ts";
import { findMount } from "../workspace/find-mount.ts";
import type { WorkspaceSurvey } from "../workspace/survey.ts";
import { surveyWorkspace } from "../workspace/survey-workspace.ts";
import { canAsk } from "./ask.ts";
import { type Attendance, findHostKeys, type KnownRemotes } from "./host-keys.ts";
import { makeBackends } from "./make-backends.ts";
import type { AgentProgram } from "./plan-agent.ts";

/** A plan, and what was found on the way to it that applying it needs. */
export type PlannedStart = {
  readonly kind: "planned";
  readonly plan: BottlePlan;
  readonly backend: Backend;
  /** Its agent program; undefined for a shell */
  readonly program: AgentProgram | undefined;
  /** What is copied; undefined when nothing is */
  readonly survey: WorkspaceSurvey | undefined;
  /** Warnings of the manifests, none of which stops the start */
  readonly problems: readonly Problem[];
  readonly texts: ReadonlyMap<string, string>;
};

/** Everything that stands against a start, all at once. */
export type RefusedStart = {
  readonly kind: "refused";
  readonly problems: readonly Problem[];
  readonly texts: ReadonlyMap<string, string>;
  readonly errors: readonly BottleError[];
};

const DEFAULT_BOTTLE = "default";

/** Reads manifests and machine and decides what a start will do; changes nothing. */
export async function planStart(context: Context, request: StartRequest): Promise<PlannedStart | RefusedStart> {
  const repository = await findUpwards(context.cwd, ".git");
  const manifest = await loadManifest({
    paths: context.paths,
    userHome: context.userHome,
    repository,
    agent: request.agent,
    bottles: request.agent === undefined && request.bottles.length === 0 ? [DEFAULT_BOTTLE] : request.bottles,
  });
  if (manifest.kind === "refused") return { ...manifest, errors: [] };
  const [selection, workspace, program, keys] = await Promise.all([
    chooseBackend(context, request, manifest),
    lookAtWorkspace(context, request, manifest),
    lookAtAgentProgram(context, manifest),
    findHostKeys(context, manifest.bottle.gitGate.repos, attendanceOf(context, request)),
  ]);
  const { probe, backend, because } = selection;
  const outcome = makePlan({
    request,
    bottle: manifest.bottle,
    agent: manifest.agent,
    config: manifest.config,
    facts: makeFacts(context, {
      probe,
      because,
      repository,
      provider: program?.facts,
      workspace: workspace?.facts,
      keys,
    }),
    slug: makeSlug(request.label ?? manifest.bottle.names.join("-"), systemIds),
    unbuilt: findUnbuilt(manifest.bottle),
    off: OFF_FEATURES,
  });
  const { problems, texts } = manifest;
  if (outcome.kind === "refused") {
    return {
      kind: "refused",
      problems: [...problems, ...outcome.problems],
      texts,
      errors: [...outcome.errors, ...keys.errors],
    };
  }
  if (keys.errors.length > 0) return { kind: "refused", problems, texts, errors: keys.errors };
  return { kind: "planned", plan: outcome.plan, backend, program, survey: workspace?.survey, problems, texts };
}

function attendanceOf(context: Context, { dryRun, headless, yes }: StartRequest): Attendance {
  if (dryRun) return "dry-run";
  return canAsk(context) && !headless && !yes ? "somebody" : "nobody";
}

type Ready = Extract<LoadedManifest, { kind: "ready" }>;

/** Most bottles run a shell, for which none of it is loaded. */
async function lookAtAgentProgram(context: Context, manifest: Ready): Promise<AgentProgram | undefined> {
  if (manifest.bottle.provider.template === "shell") return undefined;
  const { findAgentProgram } = await import("./plan-agent.ts");
  return findAgentProgram(context, manifest);
}

async function chooseBackend(context: Context, request: StartRequest, { bottle, config }: Ready) {
  const wishes = {
    flag: request.backend,
    variable: context.env["BOT_BOTTLE_BACKEND"],
    bottle: bottle.backend,
    config: config.backend,
  };
  return selectBackend(makeBackends(context, !request.dryRun), wishes, context.platform);
}

/** What is there to be copied or mounted; a copy is looked at file by file, a mount is not. */
async function lookAtWorkspace(
  context: Context,
  request: StartRequest,
  { bottle }: Ready,
): Promise<{ readonly facts: WorkspaceFacts; readonly survey: WorkspaceSurvey | undefined } | undefined> {
  const { cwd, userHome, uid, signal, paths } = context;
  switch (request.workspace ?? bottle.workspace.mode) {
    case "none":
      return undefined;
    case "mount":
      return { facts: findMount(cwd, { userHome, uid, paths }), survey: undefined };
    case "copy": {
      const bound = request.large ? { bound: Number.POSITIVE_INFINITY } : {};
      const survey = await surveyWorkspace({
        folder: cwd,
        userHome,
        paths,
        rules: bottle.workspace,
        run,
        uid,
        signal,
        holder: await readHolder(context.pid),
        ...bound,
      });
      const bytes = survey.bytes + survey.historyBytes;
      return { facts: { ...survey, bytes }, survey };
    }
  }
}

function makeFacts(
  context: Context,
  found: {
    readonly probe: Probe;
    readonly because: string | undefined;
    readonly repository: string | undefined;
    readonly provider: ProviderFacts | undefined;
    readonly workspace: WorkspaceFacts | undefined;
    readonly keys: KnownRemotes;
  },
): HostFacts {
  const { probe, because, repository, provider, workspace, keys } = found;
  const set = Object.entries(context.env).filter(([, value]) => value !== undefined);
  return {
    backend: { name: probe.backend, strength: probe.strength ?? "unknown", because },
    limits: probe.limits,
    provider,
    imagesFolder: join(packageRoot(), "images"),
    workspace,
    terminal: { stdin: context.stdin.isTTY === true, stdout: context.stdout.isTTY === true },
    repository,
    caller: { uid: context.uid, gid: context.gid },
    hostKeys: keys.facts,
    variables: new Set(set.map(([name]) => name)),
  };
}
