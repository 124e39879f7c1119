import { isFramingHeader, isHeaderName } from "../header-name.ts";
import { parseHostPattern } from "../host-pattern.ts";
import { parsePathRegex } from "../path-regex.ts";
import { quote } from "../quote.ts";
import type { WrittenBottle } from "../written/bottle.ts";
import type { KeyPath } from "../yaml-source.ts";
import { checkSecretRef } from "./check-reference.ts";
import type { Report, Rule, RuleFacts } from "./rule.ts";

/** What must hold for every way out of a bottle. */
export const ROUTE_RULES: readonly Rule<WrittenBottle>[] = [
  hostsAreExact,
  portsAreWrittenOnce,
  credentialsNeverTravelInPlaintext,
  credentialsHaveAPlace,
  pathsCanMatch,
  headersCanMatch,
];

type WrittenRoute = NonNullable<NonNullable<WrittenBottle["egress"]>["routes"]>[number];

function* routesOf(written: WrittenBottle): Generator<readonly [WrittenRoute, KeyPath]> {
  for (const [index, route] of (written.egress?.routes ?? []).entries()) yield [route, ["egress", "routes", index]];
}

function hostsAreExact(written: WrittenBottle, report: Report): void {
  for (const [route, path] of routesOf(written)) {
    const host = parseHostPattern(route.host);
    if (host.kind === "host") continue;
    report.value([...path, "host"], "manifest/bad-host", `${quote(route.host)} ${host.why}`, host.hint);
  }
}

function portsAreWrittenOnce(written: WrittenBottle, report: Report): void {
  for (const [route, path] of routesOf(written)) {
    for (const [index, port] of (route.ports ?? []).entries()) {
      if (route.ports?.indexOf(port) === index) continue;
      report.value([...path, "ports", index], "manifest/bad-port", `port ${port} is listed twice`, "remove one");
    }
  }
}

function credentialsNeverTravelInPlaintext(written: WrittenBottle, report: Report): void {
  for (const [route, path] of routesOf(written)) {
    const index = route.auth === undefined ? -1 : (route.ports ?? []).indexOf(80);
    if (index === -1) continue;
    report.value(
      [...path, "ports", index],
      "manifest/plaintext-credential",
      "a route that adds a credential cannot allow port 80",
      "remove 80 from ports, or write a second route without auth",
    );
  }
}

function credentialsHaveAPlace(written: WrittenBottle, report: Report, facts: RuleFacts): void {
  for (const [{ auth }, route] of routesOf(written)) {
    if (auth === undefined) continue;
    const path = [...route, "auth"];
    checkSecretRef(auth.token_ref, [...path, "token_ref"], report, facts);
    if (auth.scheme !== "header" && auth.name !== undefined) {
      report.key([...path, "name"], "manifest/bad-header", "a name is only for scheme: header", "remove it");
    }
    if (auth.scheme !== "header") continue;
    if (auth.name === undefined) {
      report.value(path, "manifest/missing-key", "scheme: header needs the header's name", "add name: x-api-key");
    } else if (!isHeaderName(auth.name) || isFramingHeader(auth.name)) {
      const why = `${quote(auth.name)} cannot carry a credential`;
      report.value([...path, "name"], "manifest/bad-header", why, "name the header the service asks for: x-api-key");
    }
  }
}

function pathsCanMatch(written: WrittenBottle, report: Report): void {
  for (const [route, routePath] of routesOf(written)) {
    for (const [index, match] of (route.matches ?? []).entries()) {
      for (const [position, { type, value }] of (match.paths ?? []).entries()) {
        const path = [...routePath, "matches", index, "paths", position, "value"];
        if (type === "regex" && parsePathRegex(value) === undefined) {
          report.value(path, "manifest/bad-regex", `${quote(value)} does not compile`, "use JavaScript's syntax");
        }
        if (type !== "regex" && !value.startsWith("/")) {
          report.value(path, "manifest/bad-path", `${quote(value)} is not a path`, `begin it with /`);
        }
      }
    }
  }
}

function headersCanMatch(written: WrittenBottle, report: Report): void {
  for (const [route, routePath] of routesOf(written)) {
    for (const [index, match] of (route.matches ?? []).entries()) {
      for (const [position, { name }] of (match.headers ?? []).entries()) {
        if (isHeaderName(name)) continue;
        const path = [...routePath, "matches", index, "headers", position, "name"];
        report.value(path, "manifest/bad-header", `${quote(name)} is not a header's name`);
      }
    }
  }
}
