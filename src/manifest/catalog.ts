import { join } from "node:path";
import { isSamePlace, listNames } from "../base/files.ts";
import type { Paths } from "../base/paths.ts";
import { NAME_PATTERN, NAME_RULE } from "./name.ts";
import type { Problem } from "./problem.ts";
import { quote } from "./quote.ts";

/** A file that defines a bottle, an agent or a provider. */
export type CatalogEntry = {
  readonly name: string;
  readonly file: string;
  readonly origin: "home" | "repository";
  /** Folder that the file must really be in: a repository may hold links to anywhere */
  readonly within: string | undefined;
};

/** Every bottle and agent there is, by name, and the files that are passed over with the reason. */
export type Catalog = {
  readonly bottles: ReadonlyMap<string, CatalogEntry>;
  readonly agents: ReadonlyMap<string, CatalogEntry>;
  readonly providers: ReadonlyMap<string, CatalogEntry>;
  /** What a repository tried to define and may not */
  readonly ignored: readonly Problem[];
  /** Agents of a repository behind an agent of the home folder, by name */
  readonly shadowed: ReadonlyMap<string, Problem>;
  /** Files whose names cannot be the name of anything */
  readonly misnamed: readonly Problem[];
};

/** Lists what the home folder and a repository define, without reading any of it. */
export async function readCatalog(paths: Paths, repository: string | undefined): Promise<Catalog> {
  const bottles = await listFolder(paths.bottles, "home", undefined);
  const homeAgents = await listFolder(paths.agents, "home", undefined);
  const providers = await listFolder(paths.providers, "home", undefined);
  const folder = repository === undefined ? undefined : join(repository, ".bot-bottle");
  // A home folder under version control is a home folder, not a repository's.
  const isForeign = folder !== undefined && !(await isSamePlace(folder, paths.home));
  const theirs = isForeign
    ? await listFolder(join(folder, "agents"), "repository", repository)
    : { entries: [], misnamed: [] };
  const agents = new Map(homeAgents.entries.map((entry) => [entry.name, entry]));
  const shadowed = new Map<string, Problem>();
  for (const entry of theirs.entries) {
    const ours = agents.get(entry.name);
    if (ours === undefined) agents.set(entry.name, entry);
    else shadowed.set(entry.name, passedOver(entry.file, "manifest/shadowed", `${ours.file} is used instead`));
  }
  return {
    bottles: new Map(bottles.entries.map((entry) => [entry.name, entry])),
    agents,
    providers: new Map(providers.entries.map((entry) => [entry.name, entry])),
    ignored: isForeign ? await listIgnored(folder, repository) : [],
    shadowed,
    misnamed: [...bottles.misnamed, ...homeAgents.misnamed, ...providers.misnamed, ...theirs.misnamed],
  };
}

async function listFolder(folder: string, origin: "home" | "repository", within: string | undefined) {
  const names = (await listNames(folder, within)) ?? [];
  const entries: CatalogEntry[] = [];
  const misnamed: Problem[] = [];
  for (const file of names.filter((name) => name.endsWith(".md") && !name.startsWith("."))) {
    const name = file.slice(0, -".md".length);
    const path = join(folder, file);
    if (NAME_PATTERN.test(name)) entries.push({ name, file: path, origin, within });
    else misnamed.push(passedOver(path, "manifest/ignored", `${quote(name)} cannot be a name`, NAME_RULE));
  }
  return { entries, misnamed };
}

async function listIgnored(folder: string, repository: string | undefined): Promise<readonly Problem[]> {
  const names = (await listNames(folder, repository)) ?? [];
  return names
    .filter((name) => IGNORED[name] !== undefined)
    .map((name) => passedOver(join(folder, name), "manifest/ignored", IGNORED[name] ?? "", HOME_ONLY));
}

const IGNORED: Readonly<Record<string, string>> = {
  bottles: "a repository cannot define bottles; this folder is not read",
  providers: "a repository cannot define providers; this folder is not read",
  "config.yaml": "a repository cannot change settings of this machine; this file is not read",
};
const HOME_ONLY = "move what you trust to your own ~/.bot-bottle";

function passedOver(file: string, code: Problem["code"], message: string, hint?: string): Problem {
  return { severity: "warning", file, line: 1, column: 1, code, message, hint };
}
