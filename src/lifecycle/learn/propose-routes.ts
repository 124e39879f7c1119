import { PRESETS } from "../../manifest/presets-table.ts";
import type { AskedFor } from "./asked-for.ts";

/** A route that would have allowed what was asked for. */
export type ProposedRoute = {
  readonly host: string;
  readonly ports: readonly number[];
  readonly matches: readonly ProposedMatch[];
  readonly gitFetch: boolean;
  /** Kinds of requests that it stands for */
  readonly asked: number;
  /** A preset that would do as well */
  readonly preset: string | undefined;
};

/** One entry of `matches`: no paths means all of them. */
export type ProposedMatch = { readonly methods: readonly string[]; readonly paths: readonly ProposedPath[] };

/** A path, or all below it. */
export type ProposedPath = { readonly type: "exact" | "prefix"; readonly value: string };

/** Paths that are listed one by one before their common beginning is taken */
const MOST_EXACT = 3;
const MOST_PATHS = 6;

/** The fewest routes that would have allowed all of it, in the order of their hosts. */
export function proposeRoutes(asked: readonly AskedFor[]): readonly ProposedRoute[] {
  const hosts = [...new Set(asked.map(({ host }) => host))].sort();
  return hosts.map((host) => {
    const here = asked.filter((one) => one.host === host);
    const ports = [...new Set(here.map(({ port }) => port))].sort((a, b) => a - b);
    const gitFetch = here.some(({ git }) => git);
    return { host, ports, matches: proposeMatches(here), gitFetch, asked: here.length, preset: presetFor(host, here) };
  });
}

/** Methods that ask for the same paths share an entry. */
function proposeMatches(asked: readonly AskedFor[]): readonly ProposedMatch[] {
  const byPaths = new Map<string, { methods: string[]; paths: readonly ProposedPath[] }>();
  for (const method of [...new Set(asked.map((one) => one.method))].sort()) {
    const paths = proposePaths(asked.filter((one) => one.method === method));
    const key = JSON.stringify(paths);
    const same = byPaths.get(key);
    if (same === undefined) byPaths.set(key, { methods: [method], paths });
    else same.methods.push(method);
  }
  return [...byPaths.values()];
}

function proposePaths(asked: readonly AskedFor[]): readonly ProposedPath[] {
  const exact = [...new Set(asked.flatMap(({ path, open }) => (open || path === undefined ? [] : path)))].sort();
  const open = [...new Set(asked.flatMap(({ path, open }) => (open ? (path ?? "/") : [])))].sort();
  const listed = exact.length <= MOST_EXACT ? exact : [];
  const prefixes = reduce([...open, ...(listed.length === 0 ? beginnings(exact) : [])]);
  if (prefixes.includes("/") || prefixes.length + listed.length > MOST_PATHS) return [];
  const alone = listed.filter((path) => !prefixes.some((prefix) => isBelow(path, prefix)));
  return [
    ...prefixes.map((value) => ({ type: "prefix", value }) as const),
    ...alone.map((value) => ({ type: "exact", value }) as const),
  ];
}

/** The common beginning of many paths; where they have none, that of those which share their first part. */
function beginnings(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [];
  const common = commonBeginning(paths);
  if (common !== "/") return [common];
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const first = path.split("/")[1] ?? "";
    groups.set(first, [...(groups.get(first) ?? []), path]);
  }
  return [...groups.values()].map(commonBeginning);
}

function commonBeginning(paths: readonly string[]): string {
  const [first = "/", ...others] = paths;
  const parts = first.split("/");
  let length = parts.length;
  for (const other of others) {
    const theirs = other.split("/");
    let same = 0;
    while (same < Math.min(length, theirs.length) && parts[same] === theirs[same]) same++;
    length = same;
  }
  const common = parts.slice(0, length).join("/");
  return common === "" ? "/" : common;
}

/** Without those that lie below another one. */
function reduce(prefixes: readonly string[]): readonly string[] {
  const unique = [...new Set(prefixes)].sort();
  return unique.filter((path) => !unique.some((other) => other !== path && isBelow(path, other)));
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

function presetFor(host: string, asked: readonly AskedFor[]): string | undefined {
  if (!asked.every(({ method, git }) => method === "GET" || method === "HEAD" || git)) return undefined;
  const found = Object.entries(PRESETS).find(([, { routes }]) => routes.some((route) => route.host === host));
  return found?.[0];
}
