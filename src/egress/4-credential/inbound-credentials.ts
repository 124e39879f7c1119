import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";
import { type Fields, lookedUpAs } from "../wire/fields.ts";

/** A request's fields and query once the credentials that came with it are dealt with. */
export type Cleaned = { readonly kind: "clean"; readonly fields: Fields; readonly query: string | undefined };

const WELL_KNOWN: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "cookie2"]);
const LOOKS_LIKE_KEY =
  /^(?:[a-z0-9]+[-_])*(?:api[-_]?key|auth[-_]?key|auth[-_]?token|access[-_]?key|access[-_]?token|private[-_]token|job[-_]token|session[-_]token|security[-_]token|subscription[-_]key|functions[-_]key|vault[-_]token|gitlab[-_]token|github[-_]token|app[-_]key|credential|credentials|secret|token|password)$/;

/** Query names under which servers accept the credential of a header. */
const QUERY_NAMES: Readonly<Record<string, readonly string[]>> = {
  authorization: ["access_token", "oauth_token"],
  "private-token": ["private_token"],
  "x-goog-api-key": ["key", "api_key", "access_token"],
};

/** Whether a header of this name carries a credential, as far as its name tells. */
export function isCredentialHeader(lower: string): boolean {
  return WELL_KNOWN.has(lookedUpAs(lower)) || LOOKS_LIKE_KEY.test(lower);
}

/** Does with credentials that come from inside what the route says: take them out, refuse, or let them pass. */
export function cleanCredentials(
  compiled: CompiledRoute,
  request: { readonly fields: Fields; readonly query: string | undefined },
): Cleaned | Refusal {
  const { route } = compiled;
  const own = injectedHeader(compiled);
  const isOwn = (lower: string) => own !== undefined && lookedUpAs(lower) === lookedUpAs(own);
  const isCredential = (lower: string) => isOwn(lower) || isCredentialHeader(lower);
  const names = queryNames(own);
  switch (route.inboundCredentials) {
    case "pass":
      // what the route itself adds is never the client's to set, and proxy credentials end at the proxy
      return {
        kind: "clean",
        fields: request.fields.filter(({ lower }) => !isOwn(lower) && lookedUpAs(lower) !== "proxy-authorization"),
        query: request.query,
      };
    case "strip":
      return {
        kind: "clean",
        fields: request.fields.filter((field) => !isCredential(field.lower)),
        query: withoutQueryNames(request.query, names),
      };
    case "refuse": {
      const found = request.fields.find((field) => isCredential(field.lower));
      if (found === undefined) return { kind: "clean", ...request };
      const message = `the request carries a credential of its own in ${found.lower}`;
      const hint = `send it without ${found.lower}, or ask the operator for \`inbound_credentials: pass\` on this route`;
      return makeRefusal("egress/credential-in-request", `${route.host}: inbound_credentials`, message, hint);
    }
  }
}

/** The header that the route sets, lower case. */
function injectedHeader(compiled: CompiledRoute): string | undefined {
  const { auth } = compiled.route;
  if (auth === undefined) return undefined;
  return auth.scheme === "header" ? auth.name.toLowerCase() : "authorization";
}

function queryNames(own: string | undefined): ReadonlySet<string> {
  if (own === undefined) return new Set();
  const plain = own.replace(/^x-/, "");
  return new Set([own, plain, own.replaceAll("-", "_"), plain.replaceAll("-", "_"), ...(QUERY_NAMES[own] ?? [])]);
}

/**
 * The other parameters keep their bytes: a presigned URL must reach its server as it was signed. Some servers also cut at
 * semicolons, and read `name[]` as `name`.
 */
function withoutQueryNames(query: string | undefined, names: ReadonlySet<string>): string | undefined {
  if (query === undefined || names.size === 0) return query;
  const parts = query.split(/(?=[&;])/); // each but the first begins with what separates it from the one before
  const kept = parts.filter((part) => !names.has(decodeName(part.replace(/^[&;]/, ""))));
  if (kept.length === parts.length) return query;
  const rest = kept.join("").replace(/^[&;]/, "");
  return rest === "" ? undefined : rest;
}

function decodeName(part: string): string {
  const [name = ""] = part.split("=", 1);
  return decodeText(name.replaceAll("+", " ")).replace(/\[.*$/s, "").trim().toLowerCase();
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
