import { BottleError } from "../base/errors.ts";
import type { SecretValue } from "../base/secret-value.ts";
import type { PolicyRoute } from "../egress/policy.ts";
import type { Route } from "../manifest/bottle.ts";
import type { BottlePlan } from "../plan/plan.ts";
import type { SeedFile } from "../plan/planned-provider.ts";
import { findForm } from "../providers/credential-form.ts";
import type { Provider } from "../providers/provider.ts";
import { resolveSecret, type SecretNeeds } from "../secrets/resolve-secret.ts";
import type { Warden } from "../warden/serve.ts";
import type { AgentProgram } from "./plan-agent.ts";
import { readSkills } from "./skills.ts";

/** An agent program's part of a bottle: its routes outside, and inside a placeholder and the answers to its first questions. */
export type PreparedAgent = {
  readonly routes: readonly PolicyRoute[];
  readonly env: ReadonlyMap<string, string>;
  readonly files: readonly SeedFile[];
  readonly warnings: readonly string[];
};

/** Resolves the credential of a plan's agent program and decides by its look how it is sent. Throws `secret/missing`. */
export async function prepareAgent(
  plan: BottlePlan,
  { provider, skills }: AgentProgram,
  needs: SecretNeeds,
): Promise<PreparedAgent> {
  const { credential: ref, hosts = [], settings = {} } = plan.provider ?? {};
  const resolved = ref && (await resolveSecret(provider.title, ref, needs).catch(addAdvice(provider)));
  const form = resolved && findForm(provider.forms, resolved.value.expose("how it begins tells how it is sent"));
  const seed = {
    workspace: plan.guest.workspace,
    instructions: plan.agent?.prompt ?? "",
    placeholder: form?.placeholder ?? "",
    settings,
  };
  return {
    routes: hosts.map((host) => makeAgentRoute(host, provider, form, resolved?.value)),
    env: new Map([
      ...Object.entries(provider.env),
      ...(form === undefined ? [] : [[form.variable, form.placeholder] as const]),
    ]),
    files: [...provider.files(seed), ...(await readSkills(skills, provider.skills ?? ""))],
    warnings: resolved?.warnings ?? [],
  };
}

/** What is missing, and beside it where to get one. */
function addAdvice({ advice }: Provider) {
  return (error: unknown): never => {
    if (!(error instanceof BottleError) || error.code !== "secret/missing") throw error;
    const hint = [error.hint ?? "", ...advice].filter(Boolean).join("\n    ");
    throw new BottleError("secret/missing", error.message, { hint, cause: error });
  };
}

/** The route of one of a provider's own hosts, with its credential if it has one. */
export function makeAgentRoute(
  host: string,
  provider: Provider,
  form: Provider["forms"][number] | undefined,
  credential: SecretValue | undefined,
): PolicyRoute {
  // the reference has been resolved: what is left of it is a name
  const tokenRef = { kind: "env", variable: provider.name } as const;
  const route: Route = {
    host,
    ports: [443],
    matches: matchesOf(provider),
    auth: form && { ...form.auth, tokenRef },
    inboundCredentials: form === undefined ? "refuse" : "strip",
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: `the provider ${provider.name}`, line: 1 },
  };
  return { route, credential: form && credential, agent: { lists: form?.lists ?? [] } };
}

function matchesOf({ paths }: Provider): Route["matches"] {
  if (paths.length === 0) return [];
  return [{ paths: paths.map((value) => ({ type: "prefix", value })), methods: [], headers: [] }];
}

/**
 * Asks the agent's service once whether it takes the credential, so that nobody waits for an agent that tries again and
 * again. Resolves with a warning when it could not be asked. Throws `provider/credential-refused` when it says no.
 */
export async function tryCredential(provider: Provider, warden: Warden): Promise<string | undefined> {
  if (provider.probe === undefined) return undefined;
  const result = await warden.probe(provider.probe);
  if (result.kind === "unanswered") return `the credential of ${provider.title} could not be tried: ${result.why}`;
  if (result.status !== 401) return undefined;
  throw new BottleError(
    "provider/credential-refused",
    `${provider.probe.host} does not accept the credential of ${provider.title} (401)`,
    { hint: ["it may have expired or been revoked; get another one:", ...provider.advice].join("\n    ") },
  );
}
