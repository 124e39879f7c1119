import { parseSlug } from "../base/ids.ts";
import { isJsonObject } from "../base/parse-json.ts";
import { SecretValue } from "../base/secret-value.ts";
import type { WardenSpec } from "./spec.ts";
import { SECRET_KEY } from "./spec-message.ts";

/**
 * The spec in a message of our own making; undefined for anything that is not whole. It comes from the process that
 * started this one, of the same version: what is checked is that nothing was cut short or left out.
 */
export function parseWardenSpec(message: string): WardenSpec | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message, (_key, part: unknown) => reviveSecret(part));
  } catch {
    return undefined; // the parser's error would quote the message
  }
  return isSpec(value) ? (value as WardenSpec) : undefined;
}

function reviveSecret(part: unknown): unknown {
  if (!isJsonObject(part)) return part;
  const pair = part[SECRET_KEY];
  if (!Array.isArray(pair)) return part;
  const [name, value]: readonly unknown[] = pair;
  return typeof name === "string" && typeof value === "string" ? new SecretValue(name, value) : part;
}

function isSpec(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { slug, journal, control, attended, egress, git, hidden } = value;
  return (
    typeof slug === "string" &&
    parseSlug(slug) !== undefined &&
    isText(journal) &&
    isText(control) &&
    typeof attended === "boolean" &&
    isEvery(hidden, (secret) => secret instanceof SecretValue) &&
    isEgress(egress) &&
    (git === undefined || isGate(git))
  );
}

const LIMITS = ["connections", "headTimeoutMs", "idleTimeoutMs", "maxHeadBytes", "holdTimeoutMs", "connectTimeoutMs"];

function isEgress(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { routes, resolve, log, limits, extraCaPem, upstreamProxy } = value;
  return (
    isEvery(routes, isRoute) &&
    isEvery(resolve, (entry) => isJsonObject(entry) && isText(entry["name"]) && isText(entry["address"])) &&
    isText(log) &&
    isJsonObject(limits) &&
    LIMITS.every((name) => typeof limits[name] === "number") &&
    [extraCaPem, upstreamProxy].every((part) => part === undefined || isText(part))
  );
}

function isRoute(value: unknown): boolean {
  if (!isJsonObject(value) || !isJsonObject(value["route"])) return false;
  const { host, ports, matches, auth, inboundCredentials, git, allowPrivate } = value["route"];
  return (
    isText(host) &&
    isEvery(ports, (port) => typeof port === "number") &&
    isEvery(matches, isJsonObject) &&
    isText(inboundCredentials) &&
    isJsonObject(git) &&
    typeof allowPrivate === "boolean" &&
    (auth === undefined ? value["credential"] === undefined : value["credential"] instanceof SecretValue)
  );
}

const GATE_LIMITS = ["packBytes", "totalBytes", "objectBytes", "objects", "changes", "refs", "listMs", "transferMs"];

function isGate(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { repos, ownBranches, folder, cache, limits, extraCaPem, upstreamProxy, sshAgent, gitleaks } = value;
  return (
    isEvery(repos, isRepo) &&
    [ownBranches, folder, cache].every(isText) &&
    isJsonObject(limits) &&
    GATE_LIMITS.every((name) => typeof limits[name] === "number") &&
    [extraCaPem, sshAgent, gitleaks].every((part) => part === undefined || isText(part)) &&
    (upstreamProxy === undefined || upstreamProxy instanceof SecretValue)
  );
}

function isRepo(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { name, url, kind, runFiles, refs, key, hostKey, token } = value;
  return (
    [name, url, kind, runFiles].every(isText) &&
    [key, hostKey].every((part) => part === undefined || isText(part)) &&
    (token === undefined || token instanceof SecretValue) &&
    (kind !== "ssh" || isText(hostKey)) &&
    (refs === undefined || (isJsonObject(refs) && isEvery(refs["branches"], isText) && isEvery(refs["tags"], isText)))
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isEvery(value: unknown, check: (part: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}
