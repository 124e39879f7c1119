import type { Finding } from "../detect/finding.ts";
import type { Route } from "../manifest/bottle.ts";
import type { Decision, Question, Supervisor } from "../supervise/hold.ts";
import { scopeOf } from "./3-screen/can-be-asked.ts";
import { refuseFinding } from "./3-screen/refuse-finding.ts";
import type { Asked, Decide } from "./3-screen/settle.ts";
import { describeTarget } from "./egress-journal.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import type { Channel } from "./server/channel.ts";

/** Asks whoever watches the bottle, as long as the client of the request waits. */
export function askOperator(supervisor: Supervisor, client: Channel): Decide {
  return async (asked, findings, where) => {
    const { route } = asked.compiled;
    const [first] = findings;
    if (first === undefined) return undefined;
    // nobody is kept waiting for an answer that nobody was promised
    if (!supervisor.attended && route.dlp.outboundOnMatch !== "supervise") return refuseFinding(route, first, where);
    const gone = new AbortController();
    const off = client.onGone(() => gone.abort());
    try {
      const decision = await supervisor.ask(makeQuestion(asked, findings, where), gone.signal);
      return refusalOf(decision, refuseFinding(route, first, where));
    } finally {
      off();
    }
  };
}

function makeQuestion({ head, destination, compiled }: Asked, findings: readonly Finding[], where: string): Question {
  const { method, scheme, host, port, path } = describeTarget(head.method, destination);
  const origin = `${scheme}://${host}${port === { http: 80, https: 443 }[scheme] ? "" : `:${port}`}`;
  const unique = new Map(findings.map((finding) => [`${finding.rule} ${finding.digest}`, finding]));
  return {
    kind: "egress-match",
    title: `${method} ${origin}${path}`,
    about: { method, host, port: String(port), path },
    scope: scopeOf(compiled),
    covers: coveredBy(compiled.route),
    findings: [...unique.values()].map(({ rule, excerpt, digest }) => {
      return { detector: rule, place: where, excerpt, digest };
    }),
  };
}

/** All that the route of an approved request leads to, which is more than the host that was asked for. */
function coveredBy({ host, ports }: Route): string {
  const name = host.startsWith("*.") ? `any host under ${host.slice(2)}` : host;
  return `requests to ${name}${ports.every((port) => port === 443) ? "" : `, port ${ports.join(" or ")}`}`;
}

function refusalOf(decision: Decision, found: Refusal): Refusal | undefined {
  switch (decision.kind) {
    case "approved":
      return undefined;
    case "rejected": {
      const why = decision.reason === undefined ? "" : `: ${decision.reason}`;
      const hint = "do as the operator says; the same request will not pass";
      return makeRefusal("egress/rejected", found.rule, `the operator rejected this request${why}`, hint);
    }
    case "timed-out": {
      const message = `${found.message}; nobody answered within ${Math.round(decision.afterMs / 1000)} s`;
      return makeRefusal("egress/not-answered", found.rule, message, found.whatToDo);
    }
    case "withdrawn":
      return found;
    case "not-asked": {
      const message = `${found.message}; too many requests wait for the operator already`;
      return makeRefusal("egress/too-many-holds", found.rule, message, found.whatToDo);
    }
  }
}
