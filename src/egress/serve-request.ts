import { type Destination, OWN_NAME } from "./1-accept/destination.ts";
import type { CompiledRoute } from "./2-route/compiled-policy.ts";
import { decideRequest } from "./2-route/decide-request.ts";
import { type Leaving, screenRequest } from "./3-screen/screen-request.ts";
import { ScreenedOut } from "./3-screen/screened-out.ts";
import { cleanCredentials } from "./4-credential/inbound-credentials.ts";
import type { Outgoing } from "./5-forward/outgoing-head.ts";
import { renderRefusal } from "./6-reply/refusal-reply.ts";
import { renderRoutes } from "./6-reply/routes-page.ts";
import { sendOwn } from "./6-reply/send-own.ts";
import { askOperator } from "./ask-operator.ts";
import { describeTarget } from "./egress-journal.ts";
import type { Engine } from "./engine.ts";
import { type Exchanged, exchange } from "./exchange.ts";
import type { KnownHead } from "./known-heads.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import { type Body, openBody } from "./server/body.ts";
import type { Channel } from "./server/channel.ts";
import { MeteredBody } from "./server/metered-body.ts";
import type { RequestHead } from "./wire/request-head.ts";

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
const DRAINED_BYTES = 64 * 1024;

/** A request as far as its head and the policy tell. */
type Understood =
  | KnownHead
  | { readonly kind: "own-page"; readonly head: RequestHead; readonly destination: Destination }
  | {
      readonly kind: "refused";
      readonly head: RequestHead;
      readonly destination: Destination | undefined;
      readonly refusal: Refusal;
    };

/** What becomes of a request as far as its head tells; pure, so that the same head on the same connection means the same. */
export function understand({ compiled }: Engine, head: RequestHead, found: Destination | Refusal): Understood {
  if (found.kind === "refuse") return { kind: "refused", head, destination: undefined, refusal: found };
  if (found.to.host.text === OWN_NAME) return { kind: "own-page", head, destination: found };
  const { scheme, to, path, query } = found;
  const { method, fields, upgrade } = head;
  const verdict = decideRequest(compiled, { scheme, to, method, path, query, fields, upgrade });
  if (verdict.kind === "refuse") return { kind: "refused", head, destination: found, refusal: verdict };
  const cleaned = cleanCredentials(verdict.route, { fields, query });
  if (cleaned.kind === "refuse") return { kind: "refused", head, destination: found, refusal: cleaned };
  const destination = { ...found, query: cleaned.query };
  const leaving = { head, destination, compiled: verdict.route, fields: cleaned.fields };
  return { kind: "leaves", head, destination: found, leaving };
}

/** Takes one request through all stages; true when the connection can carry another. Throws `Malformed` or `PeerGone`. */
export async function serveRequest(engine: Engine, client: Channel, understood: Understood): Promise<boolean> {
  const { head, destination } = understood;
  const body = openBody(client, head.framing);
  const refuse = (refusal: Refusal) => answerRefusal(engine, client, { head, body, destination, refusal });
  if (understood.kind === "refused") return refuse(understood.refusal);
  if (understood.kind === "own-page") return answerRoutes(engine, client, head, understood.destination, refuse);
  const { leaving } = understood;
  const over = engine.limits.admit(leaving.compiled, head);
  if (over !== undefined) return refuse(over);
  try {
    const result = await send(engine, client, leaving, body);
    return result.kind === "refuse" ? await refuse(result) : result.keepAlive;
  } catch (error) {
    if (error instanceof ScreenedOut) return await refuse(error.refusal);
    throw error;
  }
}

/** Screens a request and exchanges it for its answer. Throws `ScreenedOut` for what comes to light on the way. */
async function send(engine: Engine, client: Channel, leaving: Leaving, body: Body): Promise<Exchanged | Refusal> {
  const { head, compiled, destination } = leaving;
  const metered = engine.limits.isLimited(compiled) ? meterBody(engine, compiled, body) : body;
  const ask = async () => client.write(CONTINUE);
  const screened = await screenRequest(engine.screener, leaving, metered, ask, askOperator(engine.supervisor, client));
  if (screened.kind === "refuse") return screened;
  const target = describeTarget(head.method, destination);
  for (const finding of screened.redacted) engine.journal.redaction(finding.rule, target);
  const expectsContinue = head.expectsContinue && !screened.continued;
  const outgoing: Outgoing = {
    ...leaving,
    head: { ...head, framing: screened.framing, expectsContinue },
    fields: screened.fields,
  };
  try {
    return await exchange(engine, client, outgoing, screened.body);
  } finally {
    screened.release();
  }
}

function meterBody({ limits }: Engine, compiled: CompiledRoute, body: Body): Body {
  return new MeteredBody(body, (bytes, before) => {
    const over = limits.count(compiled, bytes, before);
    if (over !== undefined) throw new ScreenedOut(over);
  });
}

async function answerRoutes(
  engine: Engine,
  client: Channel,
  head: RequestHead,
  destination: Destination,
  refuse: (refusal: Refusal) => Promise<boolean>,
): Promise<boolean> {
  const reads = head.method === "GET" || head.method === "HEAD";
  if (!reads || destination.path !== "/" || head.framing.kind !== "none") {
    const message = `${OWN_NAME} answers GET / only`;
    return refuse(makeRefusal("egress/not-a-route", OWN_NAME, message, `ask http://${OWN_NAME}/`));
  }
  const { keepAlive } = head;
  await sendOwn(client, renderRoutes(engine.policy.routes), { keepAlive, toHead: head.method === "HEAD" });
  return keepAlive;
}

type Refused = {
  readonly head: RequestHead;
  readonly body: Body;
  readonly destination: Destination | undefined;
  readonly refusal: Refusal;
};

async function answerRefusal(engine: Engine, client: Channel, refused: Refused): Promise<boolean> {
  const { head, body, destination, refusal } = refused;
  engine.counters.refusals++;
  engine.journal.refusal(
    refusal,
    destination === undefined ? { method: head.method } : describeTarget(head.method, destination),
  );
  const keepAlive = head.keepAlive && head.upgrade === undefined && (body.done || isShort(head));
  await sendOwn(client, renderRefusal(refusal, head.fields), { keepAlive, toHead: head.method === "HEAD" });
  if (!keepAlive) return false;
  while (!body.done && (await body.read()) !== undefined); // what is left is short
  return true;
}

/** Whether the rest of a body is worth reading to keep the connection; a client that waits for `100` sends none. */
function isShort(head: RequestHead): boolean {
  return head.framing.kind === "length" && head.framing.bytes <= DRAINED_BYTES && !head.expectsContinue;
}
