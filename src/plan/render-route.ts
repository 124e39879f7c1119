import type { Route, RouteMatch } from "../manifest/bottle.ts";
import { renderBytes } from "./render-amount.ts";

/** One egress rule as one line: host, ports if unusual, what may be asked, and which credential is added. */
export function renderRoute(route: Route): string {
  const ports = route.ports.length === 1 && route.ports[0] === 443 ? "" : `:${route.ports.join(",")}`;
  const parts = [
    `${route.host}${ports}`,
    route.auth === undefined ? "" : `[auth:${route.auth.scheme}]`,
    route.matches.map(renderMatch).join(" or "),
    route.git.fetch ? "[git fetch]" : "",
    renderLimits(route),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function renderLimits({ limits }: Route): string {
  const { requestsPerMinute, bytesPerMinute } = limits;
  const parts = [
    requestsPerMinute === undefined ? [] : `${requestsPerMinute} requests`,
    bytesPerMinute === undefined ? [] : `${renderBytes(bytesPerMinute)}`,
  ].flat();
  return parts.length === 0 ? "" : `[at most ${parts.join(" and ")} a minute]`;
}

function renderMatch({ methods, paths, headers }: RouteMatch): string {
  const where = paths.map(({ type, value }) =>
    type === "prefix" ? `${value}…` : type === "regex" ? `~${value}` : value,
  );
  const which = headers.map(({ name, value }) => (value === undefined ? `with ${name}` : `with ${name}: ${value}`));
  return [methods.join("|"), where.join("|"), which.join(" and ")].filter((part) => part !== "").join(" ");
}
