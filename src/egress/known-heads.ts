import type { Arrival, Destination } from "./1-accept/destination.ts";
import type { Leaving } from "./3-screen/screen-request.ts";
import type { RequestHead } from "./wire/request-head.ts";

/** A head that may leave, and what follows from its bytes, its connection and the policy alone. */
export type KnownHead = {
  readonly kind: "leaves";
  readonly head: RequestHead;
  readonly destination: Destination;
  readonly leaving: Leaving;
};

/** Heads that may leave, as they came: programs ask for the same again and again. */
export type KnownHeads = {
  /** What is known of exactly these bytes on a connection that says exactly this. */
  find(text: string, from: string): KnownHead | undefined;
  keep(text: string, from: string, known: KnownHead): void;
};

const MOST = 256;
const LONGEST = 4 * 1024;

/** A memory of bounded size; what was not asked for longest is forgotten first. */
export function makeKnownHeads(): KnownHeads {
  const kept = new Map<string, KnownHead>();
  return {
    find: (text, from) => {
      if (text.length > LONGEST) return undefined;
      const key = from + text;
      const known = kept.get(key);
      if (known === undefined) return undefined;
      kept.delete(key);
      kept.set(key, known);
      return known;
    },
    keep: (text, from, known) => {
      if (text.length > LONGEST) return;
      kept.set(from + text, known);
      if (kept.size > MOST) kept.delete(kept.keys().next().value ?? "");
    },
  };
}

/** What a connection has said, as a text that is different for everything it could have said; it ends where a head begins. */
export function describeArrival(arrival: Arrival): string {
  if (arrival.kind === "proxy") return "proxy\n";
  const { to, secure, serverName } = arrival;
  return `${JSON.stringify([to.host.kind, to.host.text, to.port, secure, serverName])}\n`;
}
