import type { Listeners } from "../backends/backend.ts";
import type { Clock } from "../base/clock.ts";
import type { Holder } from "../base/holder.ts";
import { systemIds } from "../base/ids.ts";
import type { Scope } from "../base/scope.ts";
import { compilePolicy } from "../egress/2-route/compiled-policy.ts";
import { loadRegexEngine } from "../egress/2-route/path-rule.ts";
import { loadDetectors } from "../egress/3-screen/load-detectors.ts";
import { makeUpstreamNeeds } from "../egress/5-forward/make-upstream-needs.ts";
import { makeUpstreamPool } from "../egress/5-forward/upstream-pool.ts";
import { makeCertificateAuthority } from "../egress/authority/certificate-authority.ts";
import { makeTrustEnvironment, type TrustEnvironment } from "../egress/authority/trust-environment.ts";
import { type Egress, type EgressTotals, openEgress } from "../egress/open-egress.ts";
import { type CredentialProbe, type ProbeResult, probeCredential } from "../egress/probe-credential.ts";
import type { Channel } from "../egress/server/channel.ts";
import { makeUpstreamTrust } from "../egress/server/upstream-trust.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { Journal } from "../journal/open-journal.ts";
import { LINK_PORTS, type LinkService } from "../plan/link-ports.ts";
import { makeHoldQueue } from "../supervise/hold-queue.ts";
import { serveControl } from "../supervise/serve-control.ts";
import { knownValuesOf } from "./known-values-of.ts";
import { openWardenGate } from "./open-warden-gate.ts";
import type { WardenSpec } from "./spec.ts";

/** Folder inside a bottle for what makes programs trust its warden. */
const TRUST_FOLDER = "/etc/bot-bottle";

/** Time for a server to say whether it takes a credential, `ms` */
const PROBE_MS = 10_000;

const NOTHING_YET: EgressTotals = { requests: 0, refusals: 0, tokens: { input: 0, output: 0 } };

/** After that many, the same fault is coming again and again */
const MOST_BUGS = 20;

/** What a warden is made from. */
export type WardenParts = {
  readonly spec: Omit<WardenSpec, "journal">;
  /** The one journal of the bottle; when it fails, nothing passes any more */
  readonly journal: Journal;
  readonly clock: Clock;
  /** The process that the warden runs in */
  readonly holder: Holder;
  /** Learns of every event of the way out as it is written */
  readonly onEvent?: (event: JournalEvent) => void;
};

/** The guard of one bottle: holds its secrets, answers where its programs connect to, and writes down what they asked for. */
export type Warden = {
  /** The bottle's own authority, for whoever puts the trust inside from another process */
  readonly certificatePem: string;
  /** What must be inside before the first command, so that programs find and trust the way out */
  readonly trust: TrustEnvironment;
  /** What it answers to, for whoever makes the guest */
  readonly services: readonly LinkService[];
  /** Begins to answer at its services, and closes every other listener. On a warden that is closed already the listeners are closed. */
  serve(listeners: Listeners): void;
  /** Tries a credential at its server, before or while it serves. */
  probe(probe: CredentialProbe): Promise<ProbeResult>;
  /** What went out so far */
  stats(): EgressTotals;
  /** Ends every connection, and writes no more events; doing it twice is no error. */
  close(): Promise<void>;
};

/** Makes a warden that does not answer yet, and closes it with the scope. Throws for a policy that cannot be held as written. */
export async function openWarden(parts: WardenParts, scope: Scope): Promise<Warden> {
  const { spec, journal, clock, holder } = parts;
  // what cannot be held as written stops the start before anything is made
  const compiled = compilePolicy(spec.egress, await loadRegexEngine(spec.egress.routes.map(({ route }) => route)));
  const loaded = await loadDetectors(spec.egress.routes);
  const trust = makeUpstreamTrust(spec.egress.extraCaPem);
  const authority = await makeCertificateAuthority(spec.slug, clock);
  const { certificatePem, certificateDer } = authority;
  const state: { egress: Egress | undefined; closed: boolean } = { egress: undefined, closed: false };
  const write = (event: JournalEvent): void => {
    if (state.closed) return;
    parts.onEvent?.(event);
    journal.write(event).catch(() => {}); // `failure` has told everybody, this warden among them
  };
  const waitMs = spec.egress.limits.holdTimeoutMs;
  const queue = makeHoldQueue({ attended: spec.attended, clock, ids: systemIds, waitMs, journal: write });
  await serveControl(spec.control, queue, scope);
  let bugs = 0;
  /** A fault of ours ends its connection; what it was is for whoever reads the journal, not for whoever caused it. */
  const onBug = (error: unknown): void => {
    if (++bugs > MOST_BUGS) return;
    write({ kind: "failed", code: "warden/bug", message: error instanceof Error ? error.message : "unknown" });
  };
  const gateParts = { supervisor: queue, journal: write, clock, holder, onBug };
  const gate = spec.git && (await openWardenGate({ spec, policy: spec.git, ...gateParts }, scope));
  const pool = makeUpstreamPool();
  const probes = new Set<Channel>();
  const close = async (): Promise<void> => {
    queue.close();
    for (const channel of probes) channel.destroy();
    await Promise.all([state.egress?.close(), gate?.close()]);
    state.closed = true;
  };
  const onFailure = () => void close().catch(onBug);
  journal.failure.addEventListener("abort", onFailure, { once: true });
  scope.defer("close the warden", close);
  const reachable = spec.egress.routes.length > 0 || spec.egress.observe === true;
  const services: LinkService[] = reachable ? ["egress"] : [];
  if (gate !== undefined) services.push("git");
  return {
    certificatePem,
    services,
    trust: services.includes("egress")
      ? makeTrustEnvironment({ certificatePem, certificateDer, proxyPort: LINK_PORTS.egress, folder: TRUST_FOLDER })
      : { env: [], files: [] },
    serve: (listeners) => {
      if (state.closed || journal.failure.aborted) {
        for (const listener of Object.values(listeners)) listener.close();
        return;
      }
      const policy = spec.egress;
      const { egress, git } = listeners;
      if (git !== undefined) gate === undefined ? git.close() : gate.serve(git);
      if (egress === undefined) return;
      const known = knownValuesOf(spec);
      const parts = {
        policy,
        compiled,
        known,
        loaded,
        supervisor: queue,
        authority,
        trust,
        journal: write,
        clock,
        onBug,
        pool,
      };
      state.egress = openEgress({ listeners: [egress], ...parts }, scope);
    },
    probe: (probe) => {
      const onOpen = (channel: Channel) => void probes.add(channel);
      const needs = makeUpstreamNeeds(spec.egress, trust, onOpen, undefined, pool);
      return probeCredential(probe, compiled, needs, PROBE_MS);
    },
    stats: () => state.egress?.stats() ?? NOTHING_YET,
    close,
  };
}
