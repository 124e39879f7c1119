import { makeRefusal, type Refusal } from "../refusal.ts";
import { type Authority, renderAuthority } from "../wire/authority.ts";
import { type Fields, lookedUpAs, valuesOf } from "../wire/fields.ts";
import type { CompiledMatch, CompiledPolicy, CompiledRoute } from "./compiled-policy.ts";
import { recogniseGit } from "./git-request.ts";
import { normalisePath } from "./normal-path.ts";

/** A request as the rules see it. */
export type RequestFacts = {
  readonly scheme: "http" | "https";
  readonly to: Authority;
  readonly method: string;
  /** Not decoded */
  readonly path: string;
  /** Not decoded */
  readonly query: string | undefined;
  readonly fields: Fields;
  readonly upgrade: string | undefined;
};

/** What becomes of a request. `hold` is kept for requests that a person decides. */
export type Verdict = { readonly kind: "pass"; readonly route: CompiledRoute } | Refusal;

const OVERRIDES: ReadonlySet<string> = new Set([
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
]);
const SEE_ROUTES = "ask http://_egress.local/ for what is allowed, or ask the operator for this route";

/** Decides by host, port, scheme, git, path, method and headers, in this order; pure. */
export function decideRequest(policy: CompiledPolicy, request: RequestFacts): Verdict {
  const { to } = request;
  const known = policy.routesFor(to.host.text);
  const name = renderAuthority(to, undefined);
  if (known.length === 0) {
    return makeRefusal("egress/host-not-allowed", "no route", `${to.host.text} is not allowed`, SEE_ROUTES);
  }
  const open = known.filter((compiled) => compiled.route.ports.includes(to.port));
  const [first] = open;
  if (first === undefined) {
    const rule = `${known[0]?.route.host}: ports`;
    return makeRefusal(
      "egress/port-not-allowed",
      rule,
      `port ${to.port} of ${to.host.text} is not allowed`,
      SEE_ROUTES,
    );
  }
  if (request.method === "TRACE" || request.method === "TRACK") {
    const message = `${request.method} is never allowed: it gives back what was added outside`;
    return makeRefusal("egress/request-not-allowed", "methods", message, "use another method");
  }
  const wire = decideWire(request, first);
  if (wire !== undefined) return wire;
  const git = recogniseGit({ ...request, contentTypes: valuesOf(request.fields, "content-type") });
  if (git === "push") return refusePush(to.host.text);
  const willing = git === "fetch" ? open.filter((compiled) => compiled.route.git.fetch) : open;
  if (willing.length === 0) return refuseFetch(to.host.text);
  const path = normalisePath(request.path);
  const limited = open.some((compiled) => compiled.matches.some((match) => match.paths.length > 0));
  if (limited && path.kind === "ambiguous") {
    const message = `the path could be read in more than one way: it has ${path.why}`;
    return makeRefusal("egress/ambiguous-path", `${first.route.host}: paths`, message, "write the path plainly");
  }
  const override = request.fields.find((field) => OVERRIDES.has(lookedUpAs(field.lower)));
  if (override !== undefined && open.some((compiled) => compiled.matches.length > 0)) {
    const message = `${override.lower} would have the server read another request than the one that was checked`;
    return makeRefusal(
      "egress/request-not-allowed",
      `${first.route.host}: matches`,
      message,
      "send the request itself",
    );
  }
  const route = willing.find((compiled) => fits(compiled, request, path.kind === "plain" ? path.path : undefined));
  if (route === undefined) {
    const message = `${request.method} ${request.path} on ${name} is not allowed`;
    return makeRefusal("egress/request-not-allowed", `${first.route.host}: matches`, message, SEE_ROUTES);
  }
  if (request.scheme === "http" && route.credential !== undefined) return refusePlaintext(route);
  return { kind: "pass", route };
}

function decideWire(request: RequestFacts, first: CompiledRoute): Refusal | undefined {
  if (request.scheme === "http" && request.to.port === 443) return refusePlaintext(first);
  if (request.upgrade === undefined || request.upgrade === "websocket") return undefined;
  const message = "only websockets may be switched to";
  return makeRefusal("egress/upgrade-not-allowed", "upgrade", message, "use plain HTTP/1.1 or a websocket");
}

function refusePlaintext(route: CompiledRoute): Refusal {
  const message = `${route.route.host} is reached over TLS only`;
  return makeRefusal("egress/plaintext", `${route.route.host}: TLS`, message, "use https://");
}

function refusePush(host: string): Refusal {
  const hint = "push to a remote of the git gate (http://127.0.0.1:9420); it is set up for declared repositories";
  return makeRefusal("egress/git-push", "git push", `git push over HTTPS to ${host} is never allowed`, hint);
}

function refuseFetch(host: string): Refusal {
  const hint = "fetch through the git gate (http://127.0.0.1:9420), or ask the operator for `git: {fetch: true}`";
  return makeRefusal("egress/git-fetch", `${host}: git`, `git fetch from ${host} is not allowed by its route`, hint);
}

function fits(compiled: CompiledRoute, request: RequestFacts, path: string | undefined): boolean {
  if (compiled.matches.length === 0) return true;
  return compiled.matches.some((match) => matchFits(match, request, path));
}

function matchFits(match: CompiledMatch, request: RequestFacts, path: string | undefined): boolean {
  if (match.methods.size > 0 && !match.methods.has(request.method)) return false;
  if (match.paths.length > 0 && (path === undefined || !match.paths.some((rule) => rule(path)))) return false;
  return match.headers.every((wanted) => {
    const values = valuesOf(request.fields, wanted.lower);
    return wanted.value === undefined ? values.length > 0 : values.length === 1 && values[0] === wanted.value;
  });
}
