import type { Finding } from "../finding.ts";
import type { KnownValue } from "../known-values.ts";

/** What the thread is made with; only in memory, as everything that it holds. */
export type ThreadSetting = {
  readonly values: readonly KnownValue[];
  /** Whether the rules of secretlint may be asked for */
  readonly secretlint: boolean;
};

/** One text to search. */
export type ScanJob = { readonly bytes: Uint8Array; readonly detectors: readonly string[] };

/** A setting, if it is one. */
export function parseSetting(value: unknown): ThreadSetting | undefined {
  if (!isRecord(value) || !Array.isArray(value["values"]) || typeof value["secretlint"] !== "boolean") return undefined;
  const values = value["values"].filter(isKnownValue);
  return values.length === value["values"].length ? { values, secretlint: value["secretlint"] } : undefined;
}

/** A job, if it is one. */
export function parseJob(value: unknown): ScanJob | undefined {
  if (!isRecord(value) || !(value["bytes"] instanceof Uint8Array)) return undefined;
  const detectors = parseNames(value["detectors"]);
  return detectors && { bytes: value["bytes"], detectors };
}

/** An answer, if it is one: an answer that cannot be read is never taken for one that tells of nothing. */
export function parseFindings(value: unknown): readonly Finding[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const findings = value.filter(isFinding);
  return findings.length === value.length ? findings : undefined;
}

function parseNames(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names = value.filter((name) => typeof name === "string");
  return names.length === value.length ? names : undefined;
}

function isKnownValue(value: unknown): value is KnownValue {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["value"] === "string";
}

function isFinding(value: unknown): value is Finding {
  if (!isRecord(value) || typeof value["example"] !== "boolean" || parseNames(value["encodings"]) === undefined)
    return false;
  const texts = ["rule", "provider", "excerpt", "digest"].every((key) => typeof value[key] === "string");
  return texts && ["offset", "length"].every((key) => Number.isInteger(value[key]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
