import { deepFreeze } from "../base/deep-freeze.ts";
import type { BottleError } from "../base/errors.ts";
import type { Slug } from "../base/ids.ts";
import type { Agent, Bottle, HomeConfig } from "../manifest/bottle.ts";
import { type Problem, sortProblems } from "../manifest/problem.ts";
import type { HostFacts } from "./host-facts.ts";
import { type BottlePlan, GUEST_LAYOUT } from "./plan.ts";
import { planCommand } from "./plan-command.ts";
import { checkEnv } from "./plan-env.ts";
import { planImage } from "./plan-image.ts";
import { findProviderProblems, planProvider } from "./plan-provider.ts";
import { makeWarnings } from "./plan-warnings.ts";
import { planWorkspace } from "./plan-workspace.ts";
import type { StartRequest } from "./request.ts";

/** Everything that a plan is made from. */
export type PlanInput = {
  readonly request: StartRequest;
  readonly bottle: Bottle;
  readonly agent: Agent | undefined;
  readonly config: HomeConfig;
  readonly facts: HostFacts;
  readonly slug: Slug;
  /** Keys that were written for features which this version has not built */
  readonly unbuilt: readonly Problem[];
  /** Features that are off for that reason, for the preflight */
  readonly off: readonly string[];
};

/** A plan, or everything that stands against it. */
export type PlanOutcome =
  | { readonly kind: "plan"; readonly plan: BottlePlan }
  | { readonly kind: "refused"; readonly problems: readonly Problem[]; readonly errors: readonly BottleError[] };

/** Decides everything that a start will do; changes nothing, and what it returns can no longer be changed. */
export function makePlan(input: PlanInput): PlanOutcome {
  const { bottle, agent, config, facts, request, slug } = input;
  const errors: BottleError[] = [];
  const refuse = (error: BottleError): undefined => void errors.push(error);
  const command = planCommand(input, refuse);
  const workspace = planWorkspace(input, refuse);
  const provider = planProvider(input, refuse);
  const image = planImage(input, refuse);
  checkEnv(input, refuse);
  const unbuilt = input.unbuilt.filter((problem) => problem.severity === "error");
  const problems = sortProblems([...unbuilt, ...findProviderProblems(input)]);
  if (command === undefined || workspace === undefined || errors.length > 0 || problems.length > 0) {
    return { kind: "refused", problems, errors };
  }
  const { pids, cpus, memoryBytes, timeMs } = bottle.resources;
  const plan: Omit<BottlePlan, "warnings"> = {
    version: 1,
    slug,
    label: request.label,
    color: request.color,
    agent: agent && planAgent(agent),
    provider,
    bottle: { names: bottle.names, files: bottle.files },
    backend: facts.backend,
    image,
    command,
    env: bottle.env,
    workspace,
    limits: { pids, cpus, memoryBytes, timeMs, ...facts.limits },
    guest: { ...GUEST_LAYOUT, hostname: slug },
    tools: config.tools,
    git: { user: planGitUser(bottle, agent), remotes: planRemotes(input), firstKeys: facts.hostKeys.first },
    egress: bottle.egress,
    observe: request.observe,
    config: { extraCa: config.extraCa, upstreamProxy: config.upstreamProxy, resolve: config.resolve },
    off: input.off,
  };
  const copy = structuredClone({ ...plan, warnings: [...makeWarnings(plan, facts), ...input.unbuilt.map(lineOf)] });
  return { kind: "plan", plan: deepFreeze(copy) };
}

function planAgent({ name, file, origin, skills, prompt }: Agent): NonNullable<BottlePlan["agent"]> {
  return { name, file, origin, skills, prompt };
}

function planRemotes({ bottle, facts }: PlanInput): BottlePlan["git"]["remotes"] {
  const { byRemote } = facts.hostKeys;
  return bottle.gitGate.repos.map((repo) => ({ ...repo, hostKey: repo.hostKey ?? byRemote.get(repo.name) }));
}

/** Whom commits inside are by: the agent, else the bottle, else nobody in particular, so that committing works. */
function planGitUser(bottle: Bottle, agent: Agent | undefined): BottlePlan["git"]["user"] {
  const { name, email } = bottle.gitGate.user;
  return {
    name: agent?.gitUser.name ?? name ?? "Agent in a bottle",
    email: agent?.gitUser.email ?? email ?? "agent@bottle.invalid",
  };
}

function lineOf(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}
