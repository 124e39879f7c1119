import { BottleError } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { Agent, Bottle, HomeConfig, ProviderDefinition } from "./bottle.ts";
import { readCatalog } from "./catalog.ts";
import { loadBottles } from "./load-bottles.ts";
import { type LoadedProvider, loadProvider } from "./load-provider.ts";
import { suggestName } from "./order-layers.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { quote } from "./quote.ts";
import { type ReadFile, readConfig, readManifest } from "./read-manifest.ts";
import { resolveAgent } from "./resolve-agent.ts";
import { resolveConfig } from "./resolve-config.ts";
import type { WrittenAgent } from "./written/agent.ts";

/** What a start asks of the manifests. */
export type ManifestRequest = {
  readonly paths: Paths;
  /** The user's home folder, for paths that begin with `~/` */
  readonly userHome: string;
  /** Root of the repository the user stands in, if any */
  readonly repository: string | undefined;
  readonly agent: string | undefined;
  /** Replace the agent's own list when there are any */
  readonly bottles: readonly string[];
};

/** Everything a start needs, with at most warnings; or every problem of every file that is concerned. */
export type LoadedManifest =
  | {
      readonly kind: "ready";
      readonly bottle: Bottle;
      readonly agent: Agent | undefined;
      readonly config: HomeConfig;
      /** The adapter of its agent program, unless this program brings it along */
      readonly provider: ProviderDefinition | undefined;
      readonly problems: readonly Problem[];
      readonly texts: ReadonlyMap<string, string>;
    }
  | { readonly kind: "refused"; readonly problems: readonly Problem[]; readonly texts: ReadonlyMap<string, string> };

/** Reads what a start is made of. Throws `manifest/not-found` for names that the command line got wrong. */
export async function loadManifest(request: ManifestRequest): Promise<LoadedManifest> {
  const { paths, userHome, repository } = request;
  const catalog = await readCatalog(paths, repository);
  const facts = { userHome };
  const entry = request.agent === undefined ? undefined : catalog.agents.get(request.agent);
  if (request.agent !== undefined && entry === undefined) {
    throw notFound("agent", request.agent, [...catalog.agents.keys()]);
  }
  for (const name of request.bottles) {
    if (!catalog.bottles.has(name)) throw notFound("bottle", name, [...catalog.bottles.keys()]);
  }
  const config = await readConfig(paths.config, facts);
  const agentFile = entry && (await readManifest("agent", entry, facts));
  const agent = entry && agentFile?.written && resolveAgent(entry, agentFile.written, agentFile.body, agentFile.keys);
  const names = [...new Set(request.bottles.length > 0 ? request.bottles : (agent?.bottles ?? []))];
  // An agent that cannot be read may well name one; its own problems say enough.
  if (names.length === 0 && (entry === undefined || agent !== undefined)) {
    throw new BottleError("input/usage", "no bottle is named", {
      hint: `add --bottle NAME; ${suggestName("", [...catalog.bottles.keys()])}`,
    });
  }
  const loaded = await loadBottles(catalog, names, facts);
  const bottle = loaded.resolve(names);
  const provider: LoadedProvider | undefined = bottle && (await loadProvider(catalog, bottle, facts));
  const shadowed = entry && catalog.shadowed.get(entry.name);
  const problems = sortProblems([
    ...catalog.ignored,
    ...(shadowed === undefined ? [] : [shadowed]),
    ...config.problems,
    ...(agentFile?.problems ?? []),
    ...(request.bottles.length > 0 ? [] : missingBottles(agentFile, names, [...catalog.bottles.keys()])),
    ...loaded.problems,
    ...(provider?.problems ?? []),
  ]);
  const texts = new Map([...loaded.texts, ...(provider?.texts ?? [])]);
  for (const file of [config, agentFile]) if (file !== undefined) texts.set(file.file, file.text);
  const isRefused = problems.some((problem) => problem.severity === "error");
  if (isRefused || bottle === undefined || config.written === undefined) return { kind: "refused", problems, texts };
  return {
    kind: "ready",
    ...{ bottle, agent, problems, texts },
    config: resolveConfig(config.written, userHome),
    provider: provider?.definition,
  };
}

/** The bottles that an agent names and nobody has defined. */
export function missingBottles(
  agent: ReadFile<WrittenAgent> | undefined,
  names: readonly string[],
  defined: readonly string[],
): readonly Problem[] {
  const source = agent?.source;
  if (source === undefined) return [];
  return names
    .filter((name) => !defined.includes(name))
    .map((name) => ({
      severity: "error",
      file: source.file,
      ...source.placeOf(["bottle", ...placeInList(agent?.written?.bottle, name)]),
      code: "manifest/not-found",
      message: `there is no bottle ${quote(name)} in your home folder`,
      hint: suggestName(name, defined),
    }));
}

function placeInList(written: WrittenAgent["bottle"], name: string): readonly number[] {
  return Array.isArray(written) ? [written.indexOf(name)] : [];
}

function notFound(what: "agent" | "bottle", name: string, defined: readonly string[]): BottleError {
  return new BottleError("manifest/not-found", `there is no ${what} ${quote(name)}`, {
    hint: suggestName(name, defined),
  });
}
