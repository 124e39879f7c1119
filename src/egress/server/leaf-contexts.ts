import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import { makeTokenBucket } from "../../base/token-bucket.ts";
import type { CertificateAuthority } from "../authority/certificate-authority.ts";
import { type Host, renderHost } from "../wire/host.ts";

/** TLS contexts for the hosts a bottle asks for. */
export type LeafContexts = {
  /** The context for a host; undefined when certificates are asked for faster than they may be made. */
  contextFor(host: Host): Promise<SecureContext | undefined>;
  /** Number of contexts that are kept */
  readonly size: number;
};

const KEPT = 256;
const BURST = 128;
const PER_SECOND = 20;

type Entry = { readonly context: Promise<SecureContext>; readonly until: number };

/**
 * Keeps the latest contexts, makes each only once, and limits how many new ones a bottle can make this process sign; hosts
 * that a route names exactly are few and never wait.
 */
export function makeLeafContexts(
  authority: CertificateAuthority,
  clock: Clock,
  exempt: ReadonlySet<string>,
): LeafContexts {
  const kept = new Map<string, Entry>();
  const bucket = makeTokenBucket({ burst: BURST, perSecond: PER_SECOND }, clock);
  const make = async (host: Host): Promise<SecureContext> => {
    const leaf = await authority.issue(host);
    return createSecureContext({ key: leaf.keyPem, cert: leaf.certificatePem, minVersion: "TLSv1.2" });
  };
  const remember = (key: string, entry: Entry): void => {
    kept.delete(key);
    kept.set(key, entry);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  };
  return {
    get size() {
      return kept.size;
    },
    contextFor: async (host) => {
      const key = renderHost(host);
      const now = clock.now().getTime();
      const found = kept.get(key);
      if (found !== undefined && found.until > now) {
        remember(key, found);
        return found.context;
      }
      if (!exempt.has(host.text) && !bucket.take()) return undefined;
      const entry = { context: make(host), until: now + 5 * 24 * 3_600_000 };
      remember(key, entry);
      try {
        return await entry.context;
      } catch (error) {
        kept.delete(key); // a failure is not kept
        throw error;
      }
    },
  };
}
