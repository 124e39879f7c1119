import { readsReplies } from "./2-route/reply-policy.ts";
import { MessageScreen } from "./3-screen/message-screen.ts";
import { ScreenedOut } from "./3-screen/screened-out.ts";
import { keepUpstream } from "./5-forward/keep-upstream.ts";
import { openUpstream, type Upstream } from "./5-forward/open-upstream.ts";
import { type Outgoing, renderOutgoingHead } from "./5-forward/outgoing-head.ts";
import { receiveResponse } from "./5-forward/receive-response.ts";
import { type Sent, sendRequest } from "./5-forward/send-request.ts";
import { isProperSwitch, pipeBoth } from "./5-forward/websocket.ts";
import { openDecodedBody } from "./6-reply/decoded-body.ts";
import { EchoMask, makeNeedles } from "./6-reply/echo-mask.ts";
import { screenReply, watchMessages } from "./6-reply/screen-reply.ts";
import { sendResponse } from "./6-reply/send-response.ts";
import { UsageMeter } from "./6-reply/usage-meter.ts";
import { type Account, note, noteScreenedOut } from "./account.ts";
import { askOperator } from "./ask-operator.ts";
import { describeTarget } from "./egress-journal.ts";
import type { Engine } from "./engine.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import { type Body, openBody } from "./server/body.ts";
import type { Channel } from "./server/channel.ts";
import { CountedBody } from "./server/counted-body.ts";
import { PeerGone } from "./server/peer-gone.ts";
import { valuesOf } from "./wire/fields.ts";
import type { Framing } from "./wire/framing.ts";
import { Malformed } from "./wire/malformed.ts";
import { renderHead } from "./wire/render-head.ts";
import type { ResponseHead } from "./wire/response-head.ts";
import { makeCloseFrame } from "./wire/websocket-frames.ts";

/** How an exchange ended when it was not refused. */
export type Exchanged = { readonly kind: "answered"; readonly keepAlive: boolean };

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
const RESPONSE_HEAD_BYTES = 128 * 1024;
const NO_ECHOES = makeNeedles([]);
/** Codes with which a websocket is closed, RFC 6455 §7.4.1 */
const PROTOCOL_ERROR = 1002;
const POLICY_VIOLATION = 1008;
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Sends a request to its server and the answer to the client, both streaming. Throws `Malformed` or `PeerGone` for the client's faults. */
export async function exchange(
  engine: Engine,
  client: Channel,
  outgoing: Outgoing,
  body: Body,
): Promise<Exchanged | Refusal> {
  const first = await attempt(engine, client, outgoing, body, false);
  if (first !== "again") return first;
  const second = await attempt(engine, client, outgoing, body, true);
  return second === "again" ? refuseBroken(outgoing, "it closed the connection") : second;
}

async function attempt(
  engine: Engine,
  client: Channel,
  outgoing: Outgoing,
  body: Body,
  fresh: boolean,
): Promise<Exchanged | Refusal | "again"> {
  const upstream = await openUpstream(outgoing.destination, outgoing.compiled, engine.upstream, fresh);
  if (upstream.kind === "refuse") return upstream;
  const account: Account = {
    started: performance.now(),
    sent: new CountedBody(body, engine.journal.keptBytes),
    status: 0,
    ...{ received: undefined, fields: undefined },
    meter: undefined,
  };
  const off = client.onClose(() => upstream.channel.destroy());
  try {
    const { head } = outgoing;
    const rendered = renderOutgoingHead(outgoing, upstream.through);
    const sending = sendRequest(upstream.channel, rendered, head.framing, account.sent);
    const received = await receive(engine, client, upstream, outgoing, sending);
    if (received === "again") return received;
    if (received.kind === "refuse") {
      note(engine, outgoing, account, { in: 0, cut: true });
      return received;
    }
    return await relay(engine, client, { upstream, outgoing, response: received.head, sending, account });
  } catch (error) {
    upstream.channel.destroy();
    // It went out all the same: a client that leaves early leaves no less behind in the journal.
    note(engine, outgoing, account, { in: account.received?.bytes ?? 0, cut: true });
    throw error;
  } finally {
    off();
  }
}

type Received = { readonly kind: "response"; readonly head: ResponseHead };

async function receive(
  engine: Engine,
  client: Channel,
  upstream: Upstream,
  outgoing: Outgoing,
  sending: Promise<Sent>,
): Promise<Received | Refusal | "again"> {
  const { channel, reused } = upstream;
  const { head } = outgoing;
  const { idleTimeoutMs } = engine.policy.limits;
  let clientFault: unknown;
  void sending.then((sent) => {
    if (sent.kind !== "client-failed") return;
    clientFault = sent.error;
    channel.destroy();
  });
  const limits = { firstByteMs: idleTimeoutMs, headMs: idleTimeoutMs, maxBytes: RESPONSE_HEAD_BYTES };
  try {
    const response = await receiveResponse(channel, head.method === "HEAD", limits, () => {
      if (head.expectsContinue && !client.closed) void client.write(CONTINUE)?.catch(() => {});
    });
    return { kind: "response", head: response };
  } catch (error) {
    channel.destroy();
    if (clientFault !== undefined) throw clientFault;
    if (client.closed) throw new PeerGone("closed", error);
    if (error instanceof Malformed) return refuseBroken(outgoing, error.message);
    if (!(error instanceof PeerGone)) throw error;
    if (error.why === "silent") return refuseSilent(outgoing);
    if (reused && head.framing.kind === "none" && REPEATABLE.has(head.method)) return "again";
    return refuseBroken(outgoing, "it closed the connection before it answered");
  }
}

type Relayed = {
  readonly upstream: Upstream;
  readonly outgoing: Outgoing;
  readonly response: ResponseHead;
  readonly sending: Promise<Sent>;
  readonly account: Account;
};

async function relay(engine: Engine, client: Channel, relayed: Relayed): Promise<Exchanged | Refusal> {
  const { upstream, outgoing, response, sending, account } = relayed;
  const { head, compiled } = outgoing;
  account.status = response.status;
  const mask = new EchoMask(engine.echoes.get(compiled) ?? NO_ECHOES);
  if (response.status === 101) return switchProtocols(engine, client, relayed, mask);
  const raw = new CountedBody(openBody(upstream.channel, response.framing), engine.journal.keptBytes);
  account.received = raw;
  account.fields = response.fields;
  const encoding = valuesOf(response.fields, "content-encoding").join(",").toLowerCase();
  const unpack = readsReplies(compiled) && encoding !== "" && encoding !== "identity" && !raw.done;
  const body = unpack ? openDecodedBody(raw, response.status === 206 ? "" : encoding) : raw;
  if (body === undefined) {
    upstream.channel.destroy();
    return refuseBroken(outgoing, "its answer is encoded although that was not asked for");
  }
  const target = describeTarget(head.method, outgoing.destination);
  const screened = await screenReply(response, body, compiled, ({ provider }) => {
    engine.journal.injection(provider, target);
  });
  if ("kind" in screened) {
    upstream.channel.destroy();
    note(engine, outgoing, account, { in: 0, cut: true });
    return screened;
  }
  const sentFirst = await settled(sending);
  const framing = replyFraming(response, head.version, unpack);
  const keepAlive =
    head.keepAlive && framing.kind !== "until-close" && sentFirst?.kind === "sent" && head.upgrade === undefined;
  const meter = compiled.agent && new UsageMeter();
  account.meter = meter;
  const reply = { response, body: screened, framing, decoded: unpack, keepAlive, mask, meter };
  const back = await relayBody(engine, client, reply, relayed);
  if ((await settled(sending))?.kind === "sent" && raw.done) keepUpstream(engine.upstream.pool, upstream, response);
  else upstream.channel.destroy();
  note(engine, outgoing, account, { in: back });
  return { kind: "answered", keepAlive };
}

/** How sending went, if it is over; a server may answer before it has read all, and its answer be seen before the last write is. */
async function settled(sending: Promise<Sent>): Promise<Sent | undefined> {
  const sent = await Promise.race([sending, Promise.resolve(undefined)]);
  return sent ?? Promise.race([sending, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
}

/** A response that breaks off cannot be mended once its head is out: the client must see it break too. */
async function relayBody(
  engine: Engine,
  client: Channel,
  reply: Parameters<typeof sendResponse>[1],
  { upstream, outgoing }: Relayed,
): Promise<number> {
  try {
    return await sendResponse(client, reply);
  } catch (error) {
    upstream.channel.destroy();
    if (error instanceof ScreenedOut) {
      noteScreenedOut(engine, error, outgoing);
      await client.finish().catch(() => {}); // what was clean arrives, and its end is missing
    }
    client.destroy();
    throw error instanceof Malformed || error instanceof ScreenedOut ? new PeerGone("closed", error) : error;
  }
}

async function switchProtocols(
  engine: Engine,
  client: Channel,
  relayed: Relayed,
  mask: EchoMask,
): Promise<Exchanged | Refusal> {
  const { upstream, outgoing, response, account } = relayed;
  const { head } = outgoing;
  if (head.upgrade !== "websocket" || !isProperSwitch(head.fields, response)) {
    upstream.channel.destroy();
    return refuseBroken(outgoing, "it switched to a protocol that was not asked for");
  }
  const fields = response.fields.map((field) => ({ ...field, value: mask.maskText(field.value) }));
  await client.write(renderHead("HTTP/1.1 101 Switching Protocols", fields));
  const screen = new MessageScreen(engine.screener, outgoing, askOperator(engine.supervisor, client));
  const target = describeTarget(head.method, outgoing.destination);
  const watched = watchMessages(outgoing.compiled, ({ provider }) => engine.journal.injection(provider, target));
  /** What may not pass, in whichever direction, ends the connection; the client is told. */
  const guard = async (read: () => Buffer | Promise<Buffer>) => {
    try {
      return await read();
    } catch (error) {
      upstream.channel.destroy();
      if (error instanceof ScreenedOut) noteScreenedOut(engine, error, outgoing);
      else if (!(error instanceof Malformed)) throw error;
      await client.write(makeCloseFrame(error instanceof Malformed ? PROTOCOL_ERROR : POLICY_VIOLATION));
      await client.finish();
      throw new PeerGone("closed", error);
    }
  };
  const outward = (bytes: Buffer) =>
    guard(() => {
      const over = engine.limits.count(outgoing.compiled, bytes.length, 0);
      if (over !== undefined) throw new ScreenedOut(over);
      return screen.push(bytes);
    });
  const onward = (bytes: Buffer, more: boolean) => {
    const masked = mask.push(bytes);
    const held = more ? undefined : mask.flush();
    const passing = held === undefined ? masked : Buffer.concat([masked, held]);
    return watched === undefined ? passing : guard(() => watched.push(passing));
  };
  try {
    note(engine, outgoing, account, await pipeBoth(client, upstream.channel, outward, onward));
  } finally {
    screen.close();
  }
  return { kind: "answered", keepAlive: false };
}

function replyFraming(response: ResponseHead, clientVersion: "1.0" | "1.1", decoded: boolean): Framing {
  const { framing } = response;
  if (framing.kind === "none" || (framing.kind === "length" && !decoded)) return framing;
  return clientVersion === "1.1" ? { kind: "chunked" } : { kind: "until-close" };
}

function refuseBroken(outgoing: Outgoing, why: string): Refusal {
  const message = `${outgoing.destination.to.host.text} gave no usable answer: ${why}`;
  return makeRefusal(
    "egress/upstream-broken",
    "HTTP/1.1, read strictly",
    message,
    "try again; if it stays, tell the operator",
  );
}

function refuseSilent(outgoing: Outgoing): Refusal {
  const message = `${outgoing.destination.to.host.text} did not answer in time`;
  return makeRefusal("egress/upstream-timeout", "idle time limit", message, "try again later");
}
