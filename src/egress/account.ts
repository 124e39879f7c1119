import type { ScreenedOut } from "./3-screen/screened-out.ts";
import type { Outgoing } from "./5-forward/outgoing-head.ts";
import type { TokenUsage, UsageMeter } from "./6-reply/usage-meter.ts";
import { describeTarget } from "./egress-journal.ts";
import type { Engine } from "./engine.ts";
import type { CountedBody } from "./server/counted-body.ts";
import type { Fields } from "./wire/fields.ts";

/** What is known of an exchange while it goes on. */
export type Account = {
  readonly started: number;
  readonly sent: CountedBody;
  /** 0 as long as there is no answer */
  status: number;
  received: CountedBody | undefined;
  /** Of the answer */
  fields: Fields | undefined;
  /** Reads how many tokens the answer took; undefined where nothing counts them */
  meter: UsageMeter | undefined;
};

/** Tells the journal what went out and what came back. */
export function note(
  engine: Engine,
  { head, destination, fields }: Outgoing,
  { started, sent, status, meter, ...back }: Account,
  result: { readonly in: number; readonly out?: number; readonly cut?: true },
): void {
  const ms = Math.round(performance.now() - started);
  const noted = { status, ms, out: sent.bytes, ...result, ...countTokens(engine, meter) };
  const received = back.fields && { fields: back.fields, body: back.received };
  engine.journal.request(describeTarget(head.method, destination), noted, { sent: { fields, body: sent }, received });
}

/** Tells the journal of something that was found when a part of it had passed already. */
export function noteScreenedOut(engine: Engine, { refusal }: ScreenedOut, { head, destination }: Outgoing): void {
  engine.counters.refusals++;
  engine.journal.refusal(refusal, describeTarget(head.method, destination));
}

/** Adds what an answer took to the bottle's sum. */
function countTokens({ counters }: Engine, meter: UsageMeter | undefined): { readonly tokens?: TokenUsage } {
  const tokens = meter?.total();
  if (tokens === undefined) return {};
  counters.tokens.input += tokens.input;
  counters.tokens.output += tokens.output;
  return { tokens };
}
