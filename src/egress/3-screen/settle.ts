import type { Finding } from "../../detect/finding.ts";
import type { Destination } from "../1-accept/destination.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import type { Refusal } from "../refusal.ts";
import { canBeAsked } from "./can-be-asked.ts";
import { policyOf } from "./policy-of.ts";
import { refuseFinding } from "./refuse-finding.ts";

/** What a person must know of a request to decide about it. */
export type Asked = {
  readonly head: { readonly method: string };
  readonly destination: Destination;
  readonly compiled: CompiledRoute;
};

/** Asks somebody about findings, all at once; undefined lets them pass from now on. */
export type Decide = (asked: Asked, findings: readonly Finding[], where: string) => Promise<Refusal | undefined>;

/** Approvals that one text may take: each can show what stood behind the one before */
const MOST_ASKED = 4;

/** Settles what a scan finds that cannot be taken out, by what the route says; undefined when nothing is left of it. */
export async function settle(
  asked: Asked,
  scan: () => Promise<readonly Finding[]>,
  where: string,
  decide: Decide,
): Promise<Refusal | undefined> {
  const { compiled } = asked;
  for (let round = 0; ; round++) {
    const findings = await scan();
    const [first] = findings;
    if (first === undefined) return undefined;
    const plain = findings.filter((finding) => canBeAsked(finding) && isSupervised(compiled, finding));
    const digests = new Set(plain.map(({ digest }) => digest));
    // the same value once more, as another reading of the text has it, is no other one
    const refused = findings.find(({ digest }) => !digests.has(digest));
    if (refused !== undefined) return refuseFinding(compiled.route, refused, where);
    if (round === MOST_ASKED) return refuseFinding(compiled.route, first, where);
    const refusal = await decide(asked, plain, where);
    if (refusal !== undefined) return refusal;
  }
}

function isSupervised({ route, agent }: CompiledRoute, finding: Finding): boolean {
  return policyOf(route, finding, agent !== undefined) === "supervise";
}
