import type { PolicyRoute } from "../policy.ts";
import type { OwnAnswer } from "./send-own.ts";

/** The live routes as an agent may know them: everything but where credentials come from and what they are. */
export function renderRoutes(routes: readonly PolicyRoute[]): OwnAnswer {
  const page = {
    routes: routes.map(({ route }) => ({
      host: route.host,
      ports: route.ports,
      matches: route.matches,
      credential: route.auth === undefined ? "none" : "added outside",
      inbound_credentials: route.inboundCredentials,
      git: route.git,
      limits: {
        requests_per_minute: route.limits.requestsPerMinute,
        bytes_per_minute: route.limits.bytesPerMinute,
      },
    })),
    what_to_do: "requests outside these routes are refused; ask the operator for what is missing",
  };
  return { status: 200, reason: "OK", type: "application/json", text: `${JSON.stringify(page)}\n` };
}
