import { BottleError } from "../../base/errors.ts";
import type { SecretValue } from "../../base/secret-value.ts";
import type { Route } from "../../manifest/bottle.ts";
import type { AgentRoute, EgressPolicy, PolicyRoute } from "../policy.ts";
import { matchHostPattern } from "./host-pattern.ts";
import { makePathRule, type PathRule, type RegexEngine } from "./path-rule.ts";

/** A route with its rules ready to match. */
export type CompiledRoute = {
  /** Place in the manifest's list, from 0 */
  readonly index: number;
  readonly route: Route;
  readonly credential: SecretValue | undefined;
  readonly agent: AgentRoute | undefined;
  readonly matches: readonly CompiledMatch[];
};

/** One alternative of a route. */
export type CompiledMatch = {
  readonly paths: readonly PathRule[];
  readonly methods: ReadonlySet<string>;
  readonly headers: readonly { readonly lower: string; readonly value: string | undefined }[];
};

/** All routes, and those that speak for one host. */
export type CompiledPolicy = {
  readonly routes: readonly CompiledRoute[];
  routesFor(host: string): readonly CompiledRoute[];
};

const SENDABLE = /^[\x20-\x7e]+$/;
const REMEMBERED_HOSTS = 256;

/** The policy's routes, ready to match. Throws when a route's credential is missing: such a route must not open. */
export function compilePolicy(policy: Pick<EgressPolicy, "routes">, engine?: RegexEngine): CompiledPolicy {
  const routes = policy.routes.map((route, index) => compileRoute(route, index, engine));
  const remembered = new Map<string, readonly CompiledRoute[]>();
  return {
    routes,
    routesFor: (host) => {
      const known = remembered.get(host);
      if (known !== undefined) return known;
      const found = mostSpecific(routes, host);
      if (remembered.size >= REMEMBERED_HOSTS) remembered.clear();
      remembered.set(host, found);
      return found;
    },
  };
}

/** Only the most specific pattern speaks: an exact host narrows a wildcard and is never widened by it. */
function mostSpecific(routes: readonly CompiledRoute[], host: string): readonly CompiledRoute[] {
  const fits = routes.map((compiled) => matchHostPattern(compiled.route.host, host) ?? -1);
  const best = Math.max(-1, ...fits);
  return best === -1 ? [] : routes.filter((_, index) => fits[index] === best);
}

function compileRoute(
  { route, credential, agent }: PolicyRoute,
  index: number,
  engine: RegexEngine | undefined,
): CompiledRoute {
  if ((route.auth === undefined) !== (credential === undefined)) {
    throw new Error(`route ${route.host}: its credential was not resolved`);
  }
  if (credential !== undefined && !SENDABLE.test(credential.expose("check that a header can carry it"))) {
    const message = `the credential of the route ${route.host} has characters that no header can carry`;
    throw new BottleError("secret/unusable", message, {
      hint: `look at ${credential.name}: one line of plain ASCII is expected`,
    });
  }
  const matches = route.matches.map((match) => ({
    paths: match.paths.map((rule) => makePathRule(rule, engine)),
    methods: new Set(match.methods.map((method) => method.toUpperCase())),
    headers: match.headers.map((header) => ({ lower: header.name.toLowerCase(), value: header.value })),
  }));
  return { index, route, credential, agent, matches };
}
