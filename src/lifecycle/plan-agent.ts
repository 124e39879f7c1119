import type { Context } from "../base/context.ts";
import type { LoadedManifest } from "../manifest/load-manifest.ts";
import type { ProviderFacts } from "../plan/planned-provider.ts";
import { findProvider } from "../providers/find-provider.ts";
import type { Provider } from "../providers/provider.ts";
import { readProviderFacts } from "./provider-facts.ts";
import { findSkills } from "./skills.ts";

/** The agent program of a start, and what this machine has for it. A shell has none, and loads none of this. */
export type AgentProgram = {
  readonly provider: Provider;
  readonly facts: ProviderFacts;
  /** Folders of the agent's skills, by name */
  readonly skills: ReadonlyMap<string, string>;
};

/** Looks at what a bottle's agent program needs; changes nothing. */
export async function findAgentProgram(
  context: Context,
  { bottle, agent, provider: definition }: Extract<LoadedManifest, { kind: "ready" }>,
): Promise<AgentProgram | undefined> {
  const provider = findProvider(bottle.provider.template, definition);
  if (provider === undefined) return undefined;
  const [facts, skills] = await Promise.all([
    readProviderFacts(context, provider, bottle, definition?.program),
    findSkills(context, agent?.skills ?? []),
  ]);
  return { provider, facts, skills };
}
