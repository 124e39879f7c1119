// What gets out of a bottle, and what gets in, on a corpus of labelled cases: each is sent through the proxy of a bottle of its
// own, served by a real warden, to a server on the loopback, and what arrived is looked at.
//   npm run eval:egress -- --corpus FILE [--only TEXT] [--json]
// The corpus is a JSON array in the form of agent-egress-bench. The exit code is 1 below the goals.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../src/base/clock.ts";
import { makeCertificateAuthority } from "../src/egress/authority/certificate-authority.ts";
import type { EgressCase } from "./egress/case.ts";
import { type Judged, judgeCase } from "./egress/judge.ts";
import { renderReport, scoreOf } from "./egress/report.ts";

const GOALS = { contained: 0.97 };

const { values } = parseArgs({
  options: {
    corpus: { type: "string" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
if (values.corpus === undefined) {
  console.error("say which cases to send: --corpus FILE");
  process.exit(2);
}

const cases: readonly EgressCase[] = JSON.parse(readFileSync(values.corpus, "utf8"));
const authority = await makeCertificateAuthority("servers", systemClock);
const judged: Judged[] = [];
for (const one of cases.filter(({ id }) => id.includes(values.only))) judged.push(await judgeCase(one, authority));

const score = scoreOf(judged);
console.log(
  values.json ? JSON.stringify({ goals: GOALS, score, cases: judged }, undefined, 2) : renderReport(judged, GOALS),
);
process.exitCode = score.block.share >= GOALS.contained && score.allow.blocked === 0 ? 0 : 1;
