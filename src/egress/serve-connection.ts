import { type Arrival, findDestination } from "./1-accept/destination.ts";
import { openTunnel } from "./1-accept/open-tunnel.ts";
import { renderRefusal } from "./6-reply/refusal-reply.ts";
import { sendOwn } from "./6-reply/send-own.ts";
import type { Engine } from "./engine.ts";
import { describeArrival } from "./known-heads.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import { serveRequest, understand } from "./serve-request.ts";
import type { Channel } from "./server/channel.ts";
import { PeerGone } from "./server/peer-gone.ts";
import { readHead } from "./server/read-head.ts";
import type { Authority } from "./wire/authority.ts";
import { Malformed } from "./wire/malformed.ts";
import { parseRequestHead } from "./wire/request-head.ts";

/** Serves one connection out of the bottle to its end. Throws only for bugs; the connection is closed then too. */
export async function serveConnection(engine: Engine, client: Channel): Promise<void> {
  await serveArrival(engine, client, { kind: "proxy" });
}

async function serveArrival(engine: Engine, client: Channel, arrival: Arrival): Promise<void> {
  try {
    const from = describeArrival(arrival);
    for (let first = true; ; first = false) {
      const text = await readText(engine, client, first);
      if (text === undefined) break;
      const known = engine.knownHeads.find(text, from);
      const head = known?.head ?? parseRequestHead(text);
      if (arrival.kind === "proxy" && head.target.kind === "connect") {
        return await serveTunnel(engine, client, head.target.authority);
      }
      engine.counters.requests++;
      const understood = known ?? understand(engine, head, findDestination(head, arrival));
      if (known === undefined && understood.kind === "leaves") engine.knownHeads.keep(text, from, understood);
      if (!(await serveRequest(engine, client, understood))) break;
    }
    await client.finish();
  } catch (error) {
    if (error instanceof Malformed) return await answerMalformed(engine, client, error);
    client.destroy();
    if (!(error instanceof PeerGone)) throw error;
  }
}

function readText(engine: Engine, client: Channel, first: boolean): Promise<string | undefined> {
  const { headTimeoutMs, idleTimeoutMs, maxHeadBytes } = engine.policy.limits;
  const firstByteMs = first ? headTimeoutMs : idleTimeoutMs;
  return readHead(client, { firstByteMs, headMs: headTimeoutMs, maxBytes: maxHeadBytes });
}

async function serveTunnel(engine: Engine, client: Channel, to: Authority): Promise<void> {
  const { headTimeoutMs, idleTimeoutMs } = engine.policy.limits;
  const tunnel = await openTunnel(client, to, { leaves: engine.leaves, headTimeoutMs, idleTimeoutMs });
  if (tunnel === undefined) return client.destroy();
  if (tunnel === "too-many-hosts") {
    const message = "too many different hosts were asked for in a short time";
    return refuseTunnel(engine, client, to, makeRefusal("egress/too-many-hosts", "rate", message, "wait a moment"));
  }
  if (tunnel === "not-tls") {
    const message = "the tunnel does not carry TLS";
    return refuseTunnel(engine, client, to, makeRefusal("egress/plaintext", "tunnel", message, "use https://"));
  }
  await serveArrival(engine, tunnel.channel, tunnel.arrival);
}

async function refuseTunnel(engine: Engine, client: Channel, to: Authority, refusal: Refusal): Promise<void> {
  await answerRefusal(engine, client, refusal, { method: "CONNECT", host: to.host.text, port: to.port });
}

async function answerMalformed(engine: Engine, client: Channel, error: Malformed): Promise<void> {
  const message = `the request is not plain HTTP/1.1: ${error.message}`;
  const refusal = makeRefusal("egress/bad-request", "HTTP/1.1, read strictly", message, "send it in plain HTTP/1.1");
  await answerRefusal(engine, client, refusal, {});
}

/** Answers with a refusal after which nothing on this connection can be trusted any more. */
async function answerRefusal(
  engine: Engine,
  client: Channel,
  refusal: Refusal,
  target: { readonly method?: string; readonly host?: string; readonly port?: number },
): Promise<void> {
  engine.counters.refusals++;
  engine.journal.refusal(refusal, target);
  try {
    await sendOwn(client, renderRefusal(refusal, []), { keepAlive: false, toHead: false });
    await client.finish();
  } catch (gone) {
    client.destroy();
    if (!(gone instanceof PeerGone)) throw gone;
  }
}
