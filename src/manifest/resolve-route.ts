import type { Route, RouteAuth, WrittenKey } from "./bottle.ts";
import { checked } from "./checked.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parseSecretRef } from "./secret-ref.ts";
import type { WrittenEgress } from "./written/egress.ts";

type WrittenRoute = NonNullable<WrittenEgress["routes"]>[number];

/** A route with every default filled in. Expects rules to have passed. */
export function resolveRoute(written: WrittenRoute, at: WrittenKey, userHome: string): Route {
  const pattern = parseHostPattern(written.host);
  return {
    host: checked(pattern.kind === "host" ? pattern.host : undefined),
    ports: written.ports ?? [443],
    matches: (written.matches ?? []).map((match) => ({
      paths: match.paths ?? [],
      methods: match.methods ?? [],
      headers: (match.headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    })),
    auth: written.auth && resolveAuth(written.auth, userHome),
    inboundCredentials: written.inbound_credentials ?? (written.auth === undefined ? "refuse" : "strip"),
    git: { fetch: written.git?.fetch ?? false },
    dlp: {
      outboundDetectors: written.dlp?.outbound_detectors,
      inboundDetectors: written.dlp?.inbound_detectors,
      inboundOnMatch: written.dlp?.inbound_on_match ?? "warn",
      outboundOnMatch: written.dlp?.outbound_on_match,
    },
    allowPrivate: written.allow_private ?? false,
    limits: {
      bytesPerMinute: written.limits?.bytes_per_minute,
      requestsPerMinute: written.limits?.requests_per_minute,
    },
    at: { file: at.file, line: at.line },
  };
}

function resolveAuth(written: NonNullable<WrittenRoute["auth"]>, userHome: string): RouteAuth {
  const tokenRef = checked(parseSecretRef(written.token_ref, userHome));
  if (written.scheme !== "header") return { scheme: written.scheme, tokenRef };
  return { scheme: "header", name: checked(written.name).toLowerCase(), tokenRef };
}
