import { showHarmlessly } from "../../base/plain-text.ts";
import type { Style } from "../../base/style.ts";
import type { Explanation } from "../../lifecycle/explain.ts";
import type { Route } from "../../manifest/bottle.ts";
import { renderSecretRef } from "../../plan/render-secret-ref.ts";

const WIDTH = 13;

const ON_TOKEN = {
  redact: "taken out before the request leaves",
  block: "the request is refused",
  supervise: "you are asked, if the bottle has a terminal; else the request is refused",
} as const;
const ASKED_ALWAYS = "you are asked";

const INBOUND: Readonly<Record<Route["inboundCredentials"], string>> = {
  strip: "taken out",
  refuse: "the request is refused",
  pass: "passed on",
};

/** What would become of a request, for a person. */
export function renderExplanation(explanation: Explanation, style: Style): string {
  const { verdict, method, url, places } = explanation;
  const where = places.map(
    ({ host, file, line, preset }) =>
      `${host}${preset === undefined ? "" : ` of the preset ${preset}`}, ${file}:${line}`,
  );
  const row = (name: string, text: string) => `${style("faint", name.padEnd(WIDTH))}${showHarmlessly(text)}`;
  const first = style(verdict.kind === "pass" ? "good" : "bad", verdict.kind === "pass" ? "passes" : "refused");
  const lines = [`${showHarmlessly(`${method} ${url}`)}  ${first}`];
  if (verdict.kind === "refuse") {
    lines.push(row("why", `${verdict.message} [${verdict.code}]`), row("rule", verdict.rule));
    lines.push(...(where.length === 0 ? [noRoute(explanation, row)] : where.map((text) => row("route", text))));
  } else {
    lines.push(...where.map((text) => row("route", text)), ...routeRows(explanation, row));
  }
  return `${lines.join("\n")}\n`;
}

/** The same for a program. */
export function renderExplanationJson(explanation: Explanation): string {
  const { verdict, method, url, places, route } = explanation;
  const outcome =
    verdict.kind === "refuse"
      ? { code: verdict.code, rule: verdict.rule, message: verdict.message, whatToDo: verdict.whatToDo }
      : {
          host: route?.host ?? null,
          match: verdict.match ?? null,
          credential: (route && credentialOf(route)) ?? null,
          inboundCredentials: route?.inboundCredentials ?? null,
          screening: { detectors: verdict.detectors, knownValue: "block", token: verdict.onToken },
          allowPrivate: route?.allowPrivate ?? false,
          limits: {
            bytesPerMinute: route?.limits.bytesPerMinute ?? null,
            requestsPerMinute: route?.limits.requestsPerMinute ?? null,
          },
        };
  const answer = verdict.kind === "pass" ? "pass" : "refuse";
  return `${JSON.stringify({ version: 1, method, url, verdict: answer, ...outcome, places }, undefined, 2)}\n`;
}

type Row = (name: string, text: string) => string;

function noRoute({ bottle }: Explanation, row: Row): string {
  return row("route", `none of ${bottle.files.join(", ")} has one for this host`);
}

function routeRows({ route, verdict, config, host }: Explanation, row: Row): readonly string[] {
  if (route === undefined || verdict.kind !== "pass") return [];
  const credential = credentialOf(route);
  const onToken =
    verdict.onToken === "supervise" && route.dlp.outboundOnMatch !== undefined
      ? ASKED_ALWAYS
      : ON_TOKEN[verdict.onToken];
  const pinned = config.resolve.find(({ name }) => name === host);
  const { bytesPerMinute, requestsPerMinute } = route.limits;
  const limits = [
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests a minute`]),
    ...(bytesPerMinute === undefined ? [] : [`${bytesPerMinute} bytes a minute`]),
  ];
  const others = verdict.detectors.filter((name) => name !== "known");
  return [
    row("credential", credential === undefined ? "none is added" : `${credential}, added outside`),
    row("from inside", `a credential in the request: ${INBOUND[route.inboundCredentials]}`),
    row("screening", "a secret of the bottle: the request is refused"),
    row("", others.length === 0 ? "nothing else is looked for" : `${others.join(", ")}: ${onToken}`),
    row("address", addressText(route, pinned, config.upstreamProxy)),
    ...(limits.length === 0 ? [] : [row("limits", limits.join(", "))]),
  ];
}

function addressText(
  { allowPrivate }: Route,
  pinned: Explanation["config"]["resolve"][number] | undefined,
  proxy: string | undefined,
): string {
  if (pinned !== undefined) return `${pinned.address} port ${pinned.port}, as config.yaml says`;
  if (proxy !== undefined) return "looked up by the proxy of config.yaml, and not checked";
  return allowPrivate ? "looked up; may be private" : "looked up; refused if it is private";
}

function credentialOf({ auth }: Route): string | undefined {
  if (auth === undefined) return undefined;
  const how = auth.scheme === "header" ? auth.name : auth.scheme;
  return `${how} from ${renderSecretRef(auth.tokenRef)}`;
}
