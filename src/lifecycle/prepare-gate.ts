import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { isSamePlace } from "../base/files.ts";
import { SecretValue } from "../base/secret-value.ts";
import { SYSTEM_FOLDERS } from "../base/system-path.ts";
import { GATE_LIMITS, type GatePolicy, type GateRepo } from "../git-gate/policy.ts";
import type { GitRepo } from "../manifest/bottle.ts";
import { parseRemoteUrl } from "../manifest/remote-url.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { resolveSecret, type SecretNeeds } from "../secrets/resolve-secret.ts";
import { refuseMountedUpstream } from "./refuse-mounted-upstream.ts";

/** The git gate's part of a bottle, with its credentials, and what the operator should know about them. */
export type PreparedGate = { readonly policy: GatePolicy; readonly warnings: readonly string[] };

/** What a gate is prepared with. */
export type GateNeeds = {
  readonly folder: string;
  readonly extraCaPem: string | undefined;
  readonly needs: SecretNeeds;
};

/** Resolves what a plan's remotes refer to; undefined for a bottle without one. Throws for what is missing. */
export async function prepareGate(
  context: Context,
  { git, slug, config, workspace }: BottlePlan,
  { folder, extraCaPem, needs }: GateNeeds,
): Promise<PreparedGate | undefined> {
  if (git.remotes.length === 0) return undefined;
  const warnings: string[] = [];
  const repos = await Promise.all(git.remotes.map((remote) => prepareRepo(remote, needs, warnings)));
  for (const repo of repos) refuseMountedUpstream(repo, workspace);
  const agent = context.env["SSH_AUTH_SOCK"];
  const keyless = repos.find(({ kind, key }) => kind === "ssh" && key === undefined);
  if (keyless !== undefined && !agent) {
    throw new BottleError("secret/missing", `the remote ${keyless.name} has no key, and there is no ssh-agent to ask`, {
      hint: `write git-gate.repos.${keyless.name}.key with the path of a key, or start an ssh-agent`,
    });
  }
  const proxy = config.upstreamProxy;
  return {
    policy: {
      ...{ repos, folder, extraCaPem, limits: GATE_LIMITS, sshAgent: agent, gitleaks: await findGitleaks() },
      ownBranches: `bottle/${slug}/`,
      cache: join(context.paths.cache, "git"),
      upstreamProxy: proxy === undefined ? undefined : new SecretValue("upstream_proxy", proxy),
    },
    warnings,
  };
}

async function prepareRepo({ tokenRef, ...repo }: GitRepo, needs: SecretNeeds, warnings: string[]): Promise<GateRepo> {
  const { kind } = parseRemoteUrl(repo.url);
  if (kind === "refused") throw new Error(`the address of ${repo.name} was checked before`);
  if (repo.key !== undefined && !(await isSamePlace(repo.key, repo.key))) {
    throw new BottleError("secret/missing", `the key of the remote ${repo.name} is not there: ${repo.key}`, {
      hint: `correct git-gate.repos.${repo.name}.key`,
    });
  }
  const token = tokenRef && (await resolveSecret(`token of ${repo.name}`, tokenRef, needs));
  warnings.push(...(token?.warnings ?? []));
  return { ...repo, kind, token: token?.value };
}

async function findGitleaks(): Promise<string | undefined> {
  for (const path of SYSTEM_FOLDERS.map((folder) => join(folder, "gitleaks")))
    if (await isSamePlace(path, path)) return path;
  return undefined;
}
