/** Every reason for which this proxy refuses, and the status that says it best. */
export const REFUSALS = {
  "egress/ambiguous-path": 403,
  "egress/bad-request": 400,
  "egress/body-too-large": 413,
  "egress/canary-in-request": 403,
  "egress/connect-in-tunnel": 403,
  "egress/credential-in-request": 403,
  "egress/git-fetch": 403,
  "egress/git-push": 403,
  "egress/host-not-allowed": 403,
  "egress/injection-in-reply": 403,
  "egress/name-mismatch": 421,
  "egress/name-not-found": 502,
  "egress/not-a-route": 404,
  "egress/not-answered": 403,
  "egress/not-searched": 503,
  "egress/over-limit": 429,
  "egress/plaintext": 403,
  "egress/port-not-allowed": 403,
  "egress/private-address": 403,
  "egress/rejected": 403,
  "egress/request-not-allowed": 403,
  "egress/screening-busy": 503,
  "egress/secret-in-request": 403,
  "egress/too-many-connections": 503,
  "egress/too-many-holds": 403,
  "egress/too-many-hosts": 429,
  "egress/unreadable-body": 415,
  "egress/upgrade-not-allowed": 403,
  "egress/upstream-broken": 502,
  "egress/upstream-timeout": 504,
  "egress/upstream-unreachable": 502,
  "egress/upstream-untrusted": 502,
} as const satisfies Record<string, number>;

/** One row of the table of refusals. */
export type RefusalCode = keyof typeof REFUSALS;

/** Why a request does not leave the bottle, in words that its agent can act on. */
export type Refusal = {
  readonly kind: "refuse";
  readonly code: RefusalCode;
  /** The rule that decided, such as `api.example.com: paths` */
  readonly rule: string;
  readonly message: string;
  /** What to do instead, so that an agent stops trying */
  readonly whatToDo: string;
};

/** A refusal as a value. */
export function makeRefusal(code: RefusalCode, rule: string, message: string, whatToDo: string): Refusal {
  return { kind: "refuse", code, rule, message, whatToDo };
}
