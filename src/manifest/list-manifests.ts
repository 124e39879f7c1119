import type { Paths } from "../base/paths.ts";
import type { Agent, Bottle, HomeConfig } from "./bottle.ts";
import { type CatalogEntry, readCatalog } from "./catalog.ts";
import { loadBottles } from "./load-bottles.ts";
import { missingBottles } from "./load-manifest.ts";
import { loadProvider } from "./load-provider.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { readConfig, readManifest } from "./read-manifest.ts";
import { resolveAgent } from "./resolve-agent.ts";
import { resolveConfig } from "./resolve-config.ts";

/** Every manifest there is; what has errors is listed without its content. */
export type ManifestList = {
  readonly bottles: readonly { readonly entry: CatalogEntry; readonly bottle: Bottle | undefined }[];
  readonly agents: readonly { readonly entry: CatalogEntry; readonly agent: Agent | undefined }[];
  readonly providers: readonly { readonly entry: CatalogEntry }[];
  readonly config: HomeConfig | undefined;
  readonly problems: readonly Problem[];
  /** Texts of the files, for the excerpts beside problems */
  readonly texts: ReadonlyMap<string, string>;
};

/** Reads and checks every file there is. */
export async function listManifests(request: {
  readonly paths: Paths;
  readonly userHome: string;
  readonly repository: string | undefined;
}): Promise<ManifestList> {
  const { paths, userHome, repository } = request;
  const catalog = await readCatalog(paths, repository);
  const facts = { userHome };
  const config = await readConfig(paths.config, facts);
  const defined = [...catalog.bottles.keys()];
  const loaded = await loadBottles(catalog, defined, facts);
  const texts = new Map([...loaded.texts, [config.file, config.text]]);
  const problems = [...catalog.ignored, ...catalog.shadowed.values(), ...catalog.misnamed, ...config.problems];
  const agents: { entry: CatalogEntry; agent: Agent | undefined }[] = [];
  for (const entry of catalog.agents.values()) {
    const file = await readManifest("agent", entry, facts);
    const agent = file.written && resolveAgent(entry, file.written, file.body, file.keys);
    agents.push({ entry, agent });
    texts.set(file.file, file.text);
    problems.push(...file.problems, ...missingBottles(file, agent?.bottles ?? [], defined));
  }
  const bottles = [...catalog.bottles.values()].map((entry) => ({ entry, bottle: loaded.resolve([entry.name]) }));
  for (const entry of catalog.providers.values()) {
    const file = await readManifest("provider", entry, facts);
    texts.set(file.file, file.text);
    problems.push(...file.problems);
  }
  for (const { bottle } of bottles) {
    if (bottle === undefined || catalog.providers.has(bottle.provider.template)) continue;
    problems.push(...(await loadProvider(catalog, bottle, facts)).problems);
  }
  return {
    bottles,
    agents,
    providers: [...catalog.providers.values()].map((entry) => ({ entry })),
    config: config.written && resolveConfig(config.written, userHome),
    problems: sortProblems([...problems, ...loaded.problems]),
    texts,
  };
}
