import type { Bottle, ProviderDefinition } from "./bottle.ts";
import type { Catalog } from "./catalog.ts";
import { suggestName } from "./order-layers.ts";
import type { Problem } from "./problem.ts";
import { quote } from "./quote.ts";
import { readManifest } from "./read-manifest.ts";
import { resolveProvider } from "./resolve-provider.ts";
import type { RuleFacts } from "./rules/rule.ts";

/** The providers that this program brings along. */
export const BUILT_IN_PROVIDERS: readonly string[] = ["shell", "claude", "codex"];

/** A provider's file, read; empty for one that this program brings along. */
export type LoadedProvider = {
  readonly definition: ProviderDefinition | undefined;
  readonly problems: readonly Problem[];
  readonly texts: ReadonlyMap<string, string>;
};

/** Reads the adapter of the agent program that a bottle names. */
export async function loadProvider(catalog: Catalog, bottle: Bottle, facts: RuleFacts): Promise<LoadedProvider> {
  const { template } = bottle.provider;
  const nothing: LoadedProvider = { definition: undefined, problems: [], texts: new Map() };
  if (BUILT_IN_PROVIDERS.includes(template)) return nothing;
  const entry = catalog.providers.get(template);
  if (entry === undefined) return { ...nothing, problems: [notDefined(bottle, [...catalog.providers.keys()])] };
  const file = await readManifest("provider", entry, facts);
  const definition = file.written && resolveProvider(entry, file.written, facts.userHome);
  return { definition, problems: file.problems, texts: new Map([[file.file, file.text]]) };
}

function notDefined({ provider, written, files }: Bottle, own: readonly string[]): Problem {
  const key = written.find(({ path }) => path === "agent_provider.template");
  const { file, line, column } = key ?? { file: files.at(-1) ?? "", line: 1, column: 1 };
  return {
    severity: "error",
    ...{ file, line, column },
    code: "manifest/not-found",
    message: `there is no provider ${quote(provider.template)}`,
    hint: suggestName(provider.template, [...BUILT_IN_PROVIDERS, ...own]),
  };
}
