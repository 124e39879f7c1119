import { isJsonObject, type JsonObject, parseJsonObject } from "../base/parse-json.ts";
import type { Answer, Hold } from "./hold-queue.ts";

/** Of the language of the control socket; a program of another version is told so */
const VERSION = 1;

/** What a viewer asks a warden; one line of JSON each. */
export type ControlRequest =
  | { readonly kind: "list" }
  | { readonly kind: "answer"; readonly id: string; readonly answer: Answer; readonly by: string };

/** What the warden says to it. */
export type ControlReply =
  | { readonly kind: "holds"; readonly holds: readonly Hold[] }
  | { readonly kind: "answered" }
  /** Nothing of this name waits, any more or at all */
  | { readonly kind: "not-waiting" }
  /** The request was not understood */
  | { readonly kind: "refused"; readonly why: string };

/** Longest line that either side reads, bytes: a full queue whose every text is as long as it may be fits */
export const LONGEST_LINE = 4 * 1024 * 1024;

/** A request or a reply as it is sent. */
export function renderControl(message: ControlRequest | ControlReply): string {
  return `${JSON.stringify({ version: VERSION, ...message })}\n`;
}

/** A line as a request; anything else as the refusal that answers it. */
export function parseControlRequest(line: string): ControlRequest | Extract<ControlReply, { kind: "refused" }> {
  const value = parseJsonObject(line);
  if (value === undefined) return { kind: "refused", why: "no JSON object" };
  if (value["version"] !== VERSION) return { kind: "refused", why: `this warden speaks version ${VERSION}` };
  const { kind, id, answer, by } = value;
  if (kind === "list") return { kind };
  const parsed = parseAnswer(answer);
  if (kind === "answer" && typeof id === "string" && typeof by === "string" && parsed !== undefined) {
    return { kind, id, by, answer: parsed };
  }
  return { kind: "refused", why: "no such request" };
}

/** A line as a reply, or undefined if it is none. */
export function parseControlReply(line: string): ControlReply | undefined {
  const value = parseJsonObject(line);
  if (value === undefined || value["version"] !== VERSION) return undefined;
  const { kind, holds, why } = value;
  if (kind === "answered" || kind === "not-waiting") return { kind };
  if (kind === "refused" && typeof why === "string") return { kind, why };
  if (kind === "holds" && Array.isArray(holds) && holds.every(isHold)) return { kind, holds };
  return undefined;
}

function parseAnswer(value: unknown): Answer | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, reason } = value;
  if (kind === "approve") return { kind };
  if (kind !== "reject" || (reason !== undefined && typeof reason !== "string")) return undefined;
  return { kind, reason };
}

function isHold(value: unknown): value is Hold {
  if (!isJsonObject(value)) return false;
  const { id, kind, title, about, covers, findings, askedAt, until } = value;
  return (
    [id, title, covers, askedAt, until].every(isText) &&
    (kind === "egress-match" || kind === "git-finding") &&
    isJsonObject(about) &&
    Object.values(about).every(isText) &&
    Array.isArray(findings) &&
    findings.every((finding) => isJsonObject(finding) && isFinding(finding))
  );
}

function isFinding({ detector, place, excerpt }: JsonObject): boolean {
  return [detector, place, excerpt].every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
