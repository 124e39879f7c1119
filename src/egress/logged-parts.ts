import type { Detector, Finding } from "../detect/finding.ts";
import { type KnownValue, makeKnownValueDetector } from "../detect/known-values.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { scanWholly } from "../detect/scan-wholly.ts";
import { unpack } from "../detect/unpack.ts";
import type { EgressLog } from "../manifest/bottle.ts";
import { hasPlace, redactBody } from "./3-screen/redact-body.ts";
import { maskRuns } from "./6-reply/masked-path.ts";
import type { CountedBody } from "./server/counted-body.ts";
import { type Fields, listOf } from "./wire/fields.ts";

/** One direction of an exchange, as it is written down. */
export type LoggedPart = { readonly headers: readonly string[]; readonly body?: string };

/** What went one way. */
export type Passed = { readonly fields: Fields; readonly body: CountedBody | undefined };

/** Makes what a bottle's log level keeps of a message, with secrets masked; undefined where it keeps nothing. */
export type LogParts = (passed: Passed) => LoggedPart | undefined;

const SHOWN_BYTES = 16 * 1024;
/** Bytes that are searched behind what is shown, so that a secret at the end is known */
const SEARCHED_BEYOND = 8 * 1024;
/** Bytes of a body that are kept in memory */
export const KEPT_BYTES: number = SHOWN_BYTES + SEARCHED_BEYOND;
const UNPACKED_BYTES = 1024 * 1024;
const MOST_HEADERS = 100;
const LONGEST_VALUE = 500;
const CREDENTIAL = /auth|cookie|key|token|secret|session|credential|signature|password|csrf|jwt/;
const TEXT =
  /^(?:text\/|application\/(?:[a-z.+-]*json|[a-z.+-]*xml|x-www-form-urlencoded|javascript|graphql))|^multipart\/form-data/;

/** How much of a message each level keeps; the bottle's own secrets and tokens are masked in all of it. */
export function makeLogParts(log: EgressLog, known: readonly KnownValue[]): LogParts {
  if (log === "refusals" || log === "requests") return () => undefined;
  const detectors = [makeKnownValueDetector(known), makeTokenDetector()];
  return ({ fields, body }) => {
    const headers = logHeaders(fields, detectors);
    if (log === "headers" || body === undefined || body.bytes === 0) return { headers };
    return { headers, body: logBody(fields, body, detectors) };
  };
}

function logHeaders(fields: Fields, detectors: readonly Detector[]): readonly string[] {
  const lines = fields.slice(0, MOST_HEADERS).map(({ name, lower, value }) => {
    if (findIn(name, detectors).length > 0) return `[${name.length}]: [${value.length}]`;
    if (CREDENTIAL.test(lower) || findIn(`${name}: ${value}`, detectors).length > 0)
      return `${name}: [${value.length}]`;
    return `${name}: ${maskRuns(value.replace(/\?\S*/g, "?…").slice(0, LONGEST_VALUE))}`;
  });
  return fields.length > MOST_HEADERS ? [...lines, `… and ${fields.length - MOST_HEADERS} more`] : lines;
}

/** The beginning of a body as text without the secrets in it; only its size where that cannot be made. */
function logBody(fields: Fields, body: CountedBody, detectors: readonly Detector[]): string {
  const encodings = listOf(fields, "content-encoding");
  const type = listOf(fields, "content-type").join(",").toLowerCase();
  const size = `${body.bytes} bytes`;
  if (!TEXT.test(type)) return `[${size}, no text]`;
  const packed = encodings.some((encoding) => encoding !== "identity");
  if (packed && body.bytes > body.beginning.length) return `[${size}, packed]`;
  const plain = unpack(body.beginning, encodings, UNPACKED_BYTES);
  if (plain.kind !== "unpacked") return `[${size}, packed]`;
  const kept = plain.bytes.subarray(0, KEPT_BYTES);
  const findings = findIn(kept, detectors);
  const clean = redactBody(kept, findings.filter(hasPlace));
  if (findings.length > 0 && findIn(clean, detectors).length > 0) return `[${size}, with a secret in it]`;
  const whole = plain.bytes.length === kept.length && body.bytes === body.beginning.length;
  // the end of what was kept may be a part of a secret, which nobody would know as one
  const end = Math.min(SHOWN_BYTES, whole ? clean.length : Math.max(0, clean.length - SEARCHED_BEYOND));
  const text = clean.subarray(0, end).toString("utf8");
  return whole && end === clean.length ? text : `${text}… (${size})`;
}

function findIn(content: Buffer | string, detectors: readonly Detector[]): readonly Finding[] {
  return scanWholly(typeof content === "string" ? Buffer.from(content) : content, detectors);
}
