import type { Server, Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Scope } from "../base/scope.ts";
import type { Detector } from "../detect/finding.ts";
import type { KnownValue } from "../detect/known-values.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { Supervisor } from "../supervise/hold.ts";
import type { CompiledPolicy } from "./2-route/compiled-policy.ts";
import { makeScreener, type Screener } from "./3-screen/screener.ts";
import { warmUp } from "./3-screen/warm-up.ts";
import { echoesOf } from "./4-credential/outgoing-credential.ts";
import { makeUpstreamNeeds } from "./5-forward/make-upstream-needs.ts";
import type { UpstreamPool } from "./5-forward/upstream-pool.ts";
import { makeNeedles } from "./6-reply/echo-mask.ts";
import { renderRefusal } from "./6-reply/refusal-reply.ts";
import { sendOwn } from "./6-reply/send-own.ts";
import type { TokenUsage } from "./6-reply/usage-meter.ts";
import type { CertificateAuthority } from "./authority/certificate-authority.ts";
import { makeEgressJournal } from "./egress-journal.ts";
import type { Engine } from "./engine.ts";
import { makeKnownHeads } from "./known-heads.ts";
import type { EgressPolicy } from "./policy.ts";
import { makeRefusal } from "./refusal.ts";
import { makeSendLimits } from "./send-limits.ts";
import { serveConnection } from "./serve-connection.ts";
import { Channel } from "./server/channel.ts";
import { makeLeafContexts } from "./server/leaf-contexts.ts";
import type { Lookup } from "./server/lookup.ts";
import { PeerGone } from "./server/peer-gone.ts";
import type { UpstreamTrust } from "./server/upstream-trust.ts";

/** Time for what was under way when it was closed, `ms` */
const SETTLE_MS = 250;

/** What a bottle's way out is made from. */
export type EgressParts = {
  /** Servers that already listen where the bottle's programs connect to */
  readonly listeners: readonly Server[];
  readonly policy: EgressPolicy;
  /** The same, compiled */
  readonly compiled: CompiledPolicy;
  readonly authority: CertificateAuthority;
  /** What servers are checked against; shared, because it takes long to make */
  readonly trust: UpstreamTrust;
  /** Takes events; must not throw */
  readonly journal: (event: JournalEvent) => void;
  readonly clock: Clock;
  /** Secrets that must not leave in any form */
  readonly known: readonly KnownValue[];
  /** Detectors that its routes ask for and that had to be loaded */
  readonly loaded: readonly Detector[];
  /** Who is asked about findings on routes that are supervised */
  readonly supervisor: Supervisor;
  /** Learns of faults of this program itself */
  readonly onBug: (error: unknown) => void;
  /** The machine's resolver unless told */
  readonly lookup?: Lookup;
  /** Connections that are open already; whoever opened them closes them */
  readonly pool?: UpstreamPool;
};

/** A bottle's way out. */
export type Egress = {
  /** Ends every connection and stops listening; doing it twice is no error. */
  close(): Promise<void>;
  stats(): EgressStats;
};

/** What went out of a bottle so far. */
export type EgressTotals = {
  readonly requests: number;
  readonly refusals: number;
  /** Tokens that the answers of the agent's service took */
  readonly tokens: TokenUsage;
};

/** The same, and what is open now. */
type EgressStats = EgressTotals & {
  /** Connections out of the bottle that are open now */
  readonly clients: number;
  /** Connections to servers that are open now */
  readonly upstreams: number;
  /** Certificates that are kept */
  readonly leaves: number;
};

/** Serves the listeners until the scope closes. */
export function openEgress(parts: EgressParts, scope: Scope): Egress {
  const { listeners, policy } = parts;
  const clients = new Set<Socket>();
  const upstreams = new Set<Channel>();
  const engine = makeEngine(parts, (channel) => {
    upstreams.add(channel);
    channel.onClose(() => upstreams.delete(channel));
  });
  const serving = new Set<Promise<void>>();
  const onConnection = (socket: Socket): void => {
    clients.add(socket);
    socket.on("close", () => clients.delete(socket));
    const channel = new Channel(socket, policy.limits.idleTimeoutMs);
    const served =
      clients.size > policy.limits.connections ? refuseConnection(engine, channel) : serveConnection(engine, channel);
    const settled = served
      .catch((error: unknown) => {
        socket.destroy();
        parts.onBug(error);
      })
      .finally(() => serving.delete(settled));
    serving.add(settled);
  };
  for (const listener of listeners) listener.on("connection", onConnection);
  const agent = engine.compiled.routes.find((route) => route.agent !== undefined);
  const callOff = agent && warmUp(engine.screener, agent);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    callOff?.();
    closing ??= closeAll(listeners, onConnection, clients, upstreams)
      .then(() => engine.screener.close())
      .then(() => settleAll(serving));
    return closing;
  };
  scope.defer("egress", close);
  return {
    close,
    stats: () => ({
      ...engine.counters,
      tokens: { ...engine.counters.tokens },
      clients: clients.size,
      upstreams: upstreams.size,
      leaves: engine.leaves.size,
    }),
  };
}

function makeEngine(parts: EgressParts, onOpen: (channel: Channel) => void): Engine {
  const { policy, compiled, authority, clock } = parts;
  let screener: Screener | undefined;
  return {
    policy,
    compiled,
    echoes: new Map(compiled.routes.map((route) => [route, makeNeedles(echoesOf(route))])),
    // its tables take time that the start of a command would wait for
    get screener() {
      screener ??= makeScreener(parts.known, parts.supervisor.isApproved, parts.loaded);
      return screener;
    },
    supervisor: parts.supervisor,
    limits: makeSendLimits(policy, clock),
    leaves: makeLeafContexts(authority, clock, new Set(policy.routes.map(({ route }) => route.host))),
    upstream: makeUpstreamNeeds(policy, parts.trust, onOpen, parts.lookup, parts.pool),
    knownHeads: makeKnownHeads(),
    journal: makeEgressJournal(policy, parts.journal, clock, parts.known),
    counters: { requests: 0, refusals: 0, tokens: { input: 0, output: 0 } },
  };
}

async function refuseConnection(engine: Engine, client: Channel): Promise<void> {
  const message = "this bottle has too many connections open";
  const refusal = makeRefusal(
    "egress/too-many-connections",
    "limits.connections",
    message,
    "close some, then try again",
  );
  engine.counters.refusals++;
  engine.journal.refusal(refusal, {});
  try {
    await sendOwn(client, renderRefusal(refusal, []), { keepAlive: false, toHead: false });
    await client.finish();
  } catch (error) {
    client.destroy();
    if (!(error instanceof PeerGone)) throw error;
  }
}

/** Lets what was under way write its last event; what still waits for a server is not waited for. */
async function settleAll(serving: ReadonlySet<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS);
  });
  await Promise.race([Promise.all(serving), late]);
  clearTimeout(timer);
}

async function closeAll(
  listeners: readonly Server[],
  onConnection: (socket: Socket) => void,
  clients: ReadonlySet<Socket>,
  upstreams: ReadonlySet<Channel>,
): Promise<void> {
  const closed = listeners.map(
    (listener) => new Promise<void>((resolve) => (listener.listening ? listener.close(() => resolve()) : resolve())),
  );
  for (const listener of listeners) listener.off("connection", onConnection);
  for (const socket of clients) socket.destroy();
  for (const channel of upstreams) channel.destroy();
  await Promise.all(closed);
}
