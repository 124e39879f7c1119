import { type Destination, findDestination } from "./1-accept/destination.ts";
import { type CompiledPolicy, type CompiledRoute, compilePolicy } from "./2-route/compiled-policy.ts";
import { decideRequest, type RequestFacts } from "./2-route/decide-request.ts";
import type { RegexEngine } from "./2-route/path-rule.ts";
import { type OnMatch, policyOf } from "./3-screen/policy-of.ts";
import { detectorNamesOf } from "./3-screen/screener.ts";
import type { PolicyRoute } from "./policy.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import { parseAuthority } from "./wire/authority.ts";
import { Malformed } from "./wire/malformed.ts";
import { parseRequestHead, type RequestHead } from "./wire/request-head.ts";

/** What would become of a request, and which routes have a say in it. */
export type Explained = {
  readonly verdict: Refusal | ExplainedPass;
  /** In the one spelling that hosts are compared in; undefined where the URL names none */
  readonly host: string | undefined;
  /** Places, in the list of routes, of those that speak for the host */
  readonly routes: readonly number[];
};

/** A request that would pass. */
export type ExplainedPass = {
  readonly kind: "pass";
  /** Place of its route in the list */
  readonly route: number;
  /** Place of the entry of `matches` that fits; undefined for a route without any */
  readonly match: number | undefined;
  readonly detectors: readonly string[];
  /** What happens to a token that is found */
  readonly onToken: OnMatch;
};

const URL_FORM = /^(https?):\/\/([^/?#]+)([^#]*)/;

/** Decides about a request that nobody sends, by the same code that decides about those that are; undefined for what is no URL. */
export function explainRequest(
  { method, url, headers }: { readonly method: string; readonly url: string; readonly headers: readonly string[] },
  routes: readonly PolicyRoute[],
  engine: RegexEngine | undefined,
): Explained | undefined {
  const [, scheme, authority, target = ""] = URL_FORM.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) return undefined;
  const compiled = compilePolicy({ routes }, engine);
  try {
    const { head, found } = readRequest(method, scheme === "https", authority, target, headers);
    if (found.kind === "refuse") return { verdict: found, host: undefined, routes: [] };
    const { to, path, query } = found;
    const facts = { ...{ scheme: found.scheme, to, method, path, query }, fields: head.fields, upgrade: undefined };
    const speaking = compiled.routesFor(to.host.text).map(({ index }) => index);
    const verdict = decideRequest(compiled, facts);
    const described = verdict.kind === "refuse" ? verdict : describePass(verdict.route, facts);
    return { verdict: described, host: to.host.text, routes: speaking };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const message = `the request is not plain HTTP/1.1: ${error.message}`;
    const refusal = makeRefusal("egress/bad-request", "HTTP/1.1, read strictly", message, "send it in plain HTTP/1.1");
    return { verdict: refusal, host: undefined, routes: [] };
  }
}

function readRequest(
  method: string,
  secure: boolean,
  authority: string,
  target: string,
  headers: readonly string[],
): { readonly head: RequestHead; readonly found: Destination | Refusal } {
  const to = parseAuthority(authority, secure ? 443 : 80);
  const path = target.startsWith("/") ? target : `/${target}`;
  const head = parseRequestHead([`${method} ${path} HTTP/1.1`, `Host: ${authority}`, ...headers].join("\r\n"));
  const serverName = secure && to.host.kind === "name" ? to.host.text : undefined;
  return { head, found: findDestination(head, { kind: "tunnel", to, secure, serverName }) };
}

function describePass(compiled: CompiledRoute, facts: RequestFacts): ExplainedPass {
  const { index, route, agent, matches } = compiled;
  const fits = (match: (typeof matches)[number]) => {
    const alone = { ...compiled, matches: [match] };
    const policy: CompiledPolicy = { routes: [alone], routesFor: () => [alone] };
    return decideRequest(policy, facts).kind === "pass";
  };
  const match = matches.findIndex(fits);
  return {
    kind: "pass",
    route: index,
    match: match === -1 ? undefined : match,
    detectors: detectorNamesOf(route),
    onToken: policyOf(route, { rule: "token" }, agent !== undefined),
  };
}
