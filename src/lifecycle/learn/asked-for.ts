import { isIP } from "node:net";
import { showHarmlessly } from "../../base/plain-text.ts";
import { scanDeeply } from "../../detect/scan-deeply.ts";
import { makeTokenDetector } from "../../detect/scan-tokens.ts";
import { makeAddressClassifier } from "../../egress/5-forward/address-class.ts";
import type { JournalEntry, JournalEvent } from "../../journal/event.ts";
import { parseHostPattern } from "../../manifest/host-pattern.ts";

/** A kind of request that was refused for want of a route. */
export type AskedFor = {
  /** Pattern of a host, as a route writes it */
  readonly host: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly method: string;
  /** Decoded; undefined where it is not known */
  readonly path: string | undefined;
  /** Whether the path goes on in a way that is not repeated here */
  readonly open: boolean;
  readonly git: boolean;
};

/** Something that was refused and that no route is proposed for, and why. */
export type NotProposed = { readonly what: string; readonly why: string };

type Refused = Extract<JournalEvent, { kind: "egress-refusal" }>;

/** Refusals that a route can end; everything else is refused for what it is. */
const FOR_WANT_OF_A_ROUTE: ReadonlySet<string> = new Set([
  "egress/host-not-allowed",
  "egress/port-not-allowed",
  "egress/request-not-allowed",
  "egress/git-fetch",
]);
/** Names that lead to this machine or its network */
const INNER_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|localdomain|arpa|onion|test|invalid)$/;
const LONGEST_LABEL = 40;
/** What the journal writes in place of what could be a key */
const MASKED = /\[[0-9]+\]|…|\[secret /;
const REFS = "/info/refs";
const detectors = [makeTokenDetector()];
const classifyAddress = makeAddressClassifier();

/** What was refused in a journal, sorted into what a route would have allowed and what none may. */
export function readAskedFor(entries: readonly JournalEntry[]): {
  readonly asked: readonly AskedFor[];
  readonly notProposed: readonly NotProposed[];
} {
  const asked: AskedFor[] = [];
  const notProposed = new Map<string, NotProposed>();
  for (const { event } of entries) {
    if (event.kind !== "egress-refusal" || event.host === undefined) continue;
    const why = FOR_WANT_OF_A_ROUTE.has(event.code) ? whyNot(event.host, event.method) : `refused as ${event.code}`;
    if (why === undefined) asked.push(...withRestOfFetch(describe(event, event.host)));
    else notProposed.set(`${event.host} ${why}`, { what: `${event.method ?? "a request"} ${nameOf(event.host)}`, why });
  }
  return { asked, notProposed: [...notProposed.values()] };
}

/** Why no route may be proposed for a host that an agent asked for. */
function whyNot(host: string, method: string | undefined): string | undefined {
  if (isIP(host) !== 0) {
    return classifyAddress(host) === "public"
      ? "an address says nothing of who is behind it: write it yourself if it must be"
      : "a private address, or one of this machine";
  }
  if (!host.includes(".") || INNER_NAME.test(host)) return "a name of this machine or of its network";
  if (parseHostPattern(host).kind !== "host") return "no name that a route can have";
  if (looksLikeData(host)) return "its name looks like data that is being sent";
  if (method === undefined || method === "CONNECT" || !/^[A-Z]{1,20}$/.test(method))
    return "not seen what was asked of it";
  return undefined;
}

/** Whether a name carries more than a name: a secret, or a label that nobody would choose. */
function looksLikeData(host: string): boolean {
  if (MASKED.test(host) || scanDeeply(Buffer.from(host), detectors).length > 0) return true;
  return host
    .split(".")
    .some((label) => label.length > LONGEST_LABEL || /^(?=.*[0-9])(?=.*[a-z])[a-z0-9]{20,}$/.test(label));
}

/** A fetch that was refused at its first request would have sent another one. */
function withRestOfFetch(asked: AskedFor): readonly AskedFor[] {
  const { git, path, open } = asked;
  if (!git || open || path?.endsWith(REFS) !== true) return [asked];
  return [asked, { ...asked, method: "POST", path: `${path.slice(0, -REFS.length)}/git-upload-pack` }];
}

function nameOf(host: string): string {
  return looksLikeData(host) ? `a name below ${host.split(".").slice(-2).join(".").slice(-60)}` : host;
}

function describe(event: Refused, host: string): AskedFor {
  const scheme = event.scheme ?? "https";
  const { path, open } = cleanPath(event.path ?? "/");
  return {
    ...{ host: patternOf(event, host), scheme, port: event.port ?? (scheme === "http" ? 80 : 443) },
    ...{ method: event.method ?? "GET", path, open, git: event.code === "egress/git-fetch" },
  };
}

/** Beside a route with a wildcard another one for an exact host would narrow it: the same pattern is proposed. */
function patternOf({ rule }: Refused, host: string): string {
  const [pattern = ""] = /^\*\.[a-z0-9.-]+(?=: )/.exec(rule) ?? [];
  return pattern !== "" && host.endsWith(pattern.slice(1)) ? pattern : host;
}

/** As much of a path as may be repeated and means one thing. */
function cleanPath(raw: string): { readonly path: string; readonly open: boolean } {
  const kept: string[] = [];
  for (const segment of raw.split("/").slice(1)) {
    const text = decode(segment);
    const plain =
      text !== undefined && text !== "." && text !== ".." && showHarmlessly(text) === text && !/[;\\/%]/.test(text);
    const path = `/${[...kept, text].join("/")}`;
    if (!plain || MASKED.test(text) || scanDeeply(Buffer.from(path), detectors).length > 0) {
      return { path: `/${kept.join("/")}`, open: true };
    }
    kept.push(text);
  }
  return { path: `/${kept.join("/")}`, open: false };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
