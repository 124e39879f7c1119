import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { findUpwards } from "../base/find-upwards.ts";
import { SecretValue } from "../base/secret-value.ts";
import { loadRegexEngine } from "../egress/2-route/path-rule.ts";
import { type Explained, explainRequest } from "../egress/explain-request.ts";
import type { PolicyRoute } from "../egress/policy.ts";
import type { Bottle, HomeConfig, Route } from "../manifest/bottle.ts";
import { type LoadedManifest, loadManifest } from "../manifest/load-manifest.ts";
import { findProvider } from "../providers/find-provider.ts";
import { makeAgentRoute } from "./prepare-agent.ts";

/** What would become of a request out of a bottle, and where that is written. */
export type Explanation = Explained & {
  readonly kind: "explained";
  readonly method: string;
  readonly url: string;
  readonly bottle: Bottle;
  /** The route by which it would pass */
  readonly route: Route | undefined;
  /** Lines that decide: of the entry that fits, or of all that were looked at */
  readonly places: readonly Place[];
  readonly config: Pick<HomeConfig, "resolve" | "upstreamProxy">;
};

/** A request that nobody sends, as it was typed. */
export type ExplainRequest = {
  readonly method: string;
  readonly url: string;
  /** `Name: value` each */
  readonly headers: readonly string[];
  readonly bottles: readonly string[];
};

/** A line of a manifest. */
export type Place = {
  readonly host: string;
  readonly file: string;
  readonly line: number;
  readonly preset: string | undefined;
};

/** Why the question cannot be answered: the manifests themselves have errors. */
export type NotExplained = Extract<LoadedManifest, { kind: "refused" }>;

const DEFAULT_BOTTLE = "default";

/** Reads the manifests as a start would, and decides about a request; nothing is sent or resolved. */
export async function explain(context: Context, request: ExplainRequest): Promise<Explanation | NotExplained> {
  const { method, url, headers, bottles } = request;
  const manifest = await loadManifest({
    ...{ paths: context.paths, userHome: context.userHome, repository: await findUpwards(context.cwd, ".git") },
    agent: undefined,
    bottles: bottles.length === 0 ? [DEFAULT_BOTTLE] : bottles,
  });
  if (manifest.kind === "refused") return manifest;
  const { bottle, config } = manifest;
  const routes = [...agentRoutes(manifest), ...bottle.egress.routes.map(withStandIn)];
  const engine = await loadRegexEngine(bottle.egress.routes);
  const explained = explainRequest({ method, url, headers }, routes, engine);
  if (explained === undefined) {
    throw new BottleError("input/usage", `${JSON.stringify(url)} is no http:// or https:// URL`, {
      hint: "bottle explain GET https://api.example.com/v1/models",
    });
  }
  const { verdict } = explained;
  const route = verdict.kind === "pass" ? routes[verdict.route]?.route : undefined;
  return {
    kind: "explained",
    ...explained,
    method,
    url,
    bottle,
    route,
    config,
    places: placesOf(explained, routes, bottle),
  };
}

/** Where nothing is sent, no secret is needed: what stands in for it is never looked at. */
function withStandIn(route: Route): PolicyRoute {
  return { route, credential: route.auth && new SecretValue("explain", "none") };
}

function agentRoutes({
  bottle,
  provider: definition,
}: Extract<LoadedManifest, { kind: "ready" }>): readonly PolicyRoute[] {
  const provider = findProvider(bottle.provider.template, definition);
  const tokenRef = bottle.provider.authToken;
  const form = tokenRef && provider?.forms[0];
  const made = provider?.hosts.map((host) => makeAgentRoute(host, provider, form, undefined)) ?? [];
  return made.map((policy) => {
    const { auth } = policy.route;
    const route = { ...policy.route, auth: auth && tokenRef && { ...auth, tokenRef } };
    return { ...policy, ...withStandIn(route) };
  });
}

/** The part of a route that a refusal speaks of, by the end of its rule. */
const REFUSING_KEYS = ["ports", "matches", "git"] as const;

function placesOf({ verdict, routes }: Explained, all: readonly PolicyRoute[], bottle: Bottle): readonly Place[] {
  const written = new Map(bottle.written.map((key) => [key.path, key]));
  const own = all.length - bottle.egress.routes.length;
  const find = (index: number, below: string): readonly Place[] => {
    const route = all[index]?.route;
    if (route === undefined) return [];
    const { file, line } = written.get(`egress.routes.${index - own}${below}`) ?? route.at;
    return [{ host: route.host, file, line, preset: route.at.preset }];
  };
  if (verdict.kind === "pass")
    return find(verdict.route, verdict.match === undefined ? "" : `.matches.${verdict.match}`);
  const key = REFUSING_KEYS.find((name) => verdict.rule.endsWith(`: ${name}`));
  return routes.flatMap((index) => find(index, key === undefined ? "" : `.${key}`));
}
