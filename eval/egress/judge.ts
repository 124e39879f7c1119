import { Scope } from "../../src/base/scope.ts";
import type { CertificateAuthority } from "../../src/egress/authority/certificate-authority.ts";
import { openBottle, routesFor } from "./bottle.ts";
import { type EgressCase, type PlannedCase, type PlannedRequest, planCase } from "./case.ts";
import { type Answer, send, sendFrames } from "./client.ts";
import { type Origin, openOrigin } from "./origin.ts";

/** What became of a case. */
export type Judged = Pick<EgressCase, "id" | "category" | "expected"> & {
  /** `contained`: refused by the proxy; `passed`: arrived as it was sent; `broken`: neither, which is always wrong */
  readonly outcome: "contained" | "passed" | "broken" | "not claimed";
  /** Code of the refusal, or what happened instead */
  readonly by: string;
  readonly right: boolean;
};

/** Reasons that say nothing about what was sent: a case that ends so is not contained. */
const FAULTS = /^egress\/(?:upstream-|name-not-found|screening-busy|too-many-)/;

/** What a proxy that reads replies asks for in its own way */
const IN_TRANSIT: ReadonlySet<string> = new Set(["accept-encoding"]);

/** Sends a case through a bottle of its own to a server of its own, and looks at what arrived. */
export async function judgeCase(one: EgressCase, authority: CertificateAuthority): Promise<Judged> {
  const plan = planCase(one);
  const { id, category, expected } = one;
  if (plan.kind === "not claimed") return { id, category, expected, outcome: "not claimed", by: plan.why, right: true };
  const { outcome, by } = await runCase(one, plan, authority);
  return { id, category, expected, outcome, by, right: outcome === (expected === "block" ? "contained" : "passed") };
}

type Run = { readonly outcome: "contained" | "passed" | "broken"; readonly by: string };

async function runCase(
  one: EgressCase,
  plan: Exclude<PlannedCase, { kind: "not claimed" }>,
  authority: CertificateAuthority,
): Promise<Run> {
  const scope = new Scope();
  try {
    const requests = plan.kind === "requests" ? plan.requests : [plan.request];
    const hosts = [...new Set(requests.map(({ authority: name }) => hostOf(name)))];
    const origin = await openOrigin(authority, scope);
    // a host on somebody's list of bad hosts is one that a manifest does not name
    const listed = one.tags?.includes("domain_blocklist") === true;
    const routes = listed ? [] : hosts.flatMap(routesFor);
    const names = hosts.filter((host) => /[a-z]$/i.test(host) && host.includes("."));
    const resolve = names.map((host) => ({ name: host.toLowerCase(), address: "127.0.0.1", port: origin.port }));
    const proxy = await openBottle(routes, resolve, authority.certificatePem, scope);
    if (plan.kind === "websocket") {
      const answer = await sendFrames(proxy, plan.request, plan.frames);
      return judgeMessages(plan, answer, origin);
    }
    for (const request of plan.requests) {
      origin.expect(plan.reply);
      const answer = await send(proxy, request);
      const run = plan.judged === "reply" ? judgeReply(plan, answer, origin) : judgeRequest(request, answer, origin);
      if (run.outcome !== "passed") return run;
    }
    return { outcome: "passed", by: "arrived" };
  } finally {
    await scope.close();
  }
}

function judgeRequest(request: PlannedRequest, answer: Answer, origin: Origin): Run {
  const [arrived] = origin.requests;
  if (arrived === undefined) return refusedBy(answer);
  const same =
    arrived.method === request.method &&
    arrived.target === request.target &&
    arrived.body.equals(request.body) &&
    request.fields.every(
      ([name, value]) => IN_TRANSIT.has(name.toLowerCase()) || arrived.fields[name.toLowerCase()] === value,
    );
  return same && answer.status === 200
    ? { outcome: "passed", by: "arrived" }
    : { outcome: "broken", by: "arrived changed" };
}

function judgeReply({ reply }: Extract<PlannedCase, { kind: "requests" }>, answer: Answer, origin: Origin): Run {
  if (answer.body.equals(reply.body)) return { outcome: "passed", by: "arrived" };
  if (answer.body.includes(reply.body)) return { outcome: "broken", by: "arrived changed" };
  return origin.requests.length === 0 ? { outcome: "broken", by: "never asked for" } : refusedBy(answer);
}

function judgeMessages({ frames }: Extract<PlannedCase, { kind: "websocket" }>, answer: Answer, origin: Origin): Run {
  if (answer.status !== 101) return refusedBy(answer);
  const sent = frames.filter(({ opcode }) => opcode < 8).filter(({ final }) => final).length;
  if (origin.messages.length === sent) return { outcome: "passed", by: "arrived" };
  const code = answer.body.at(-4) === 0x88 ? answer.body.readUInt16BE(answer.body.length - 2) : 0;
  return code === 1008 || code === 1002
    ? { outcome: "contained", by: `websocket closed, ${code}` }
    : { outcome: "broken", by: "the connection ended" };
}

function refusedBy({ refusal, status }: Answer): Run {
  if (refusal === undefined) return { outcome: "broken", by: `status ${status}, nothing arrived` };
  return { outcome: FAULTS.test(refusal) ? "broken" : "contained", by: refusal };
}

function hostOf(authority: string): string {
  return authority.startsWith("[") ? authority.replace(/\]:[0-9]+$/, "]") : authority.replace(/:[0-9]+$/, "");
}
