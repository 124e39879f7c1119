import { parseSlug } from "../../base/ids.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../base/parse-json.ts";
import type { GuestRef } from "../backend.ts";

/** What an engine says about itself. */
export type EngineFacts = {
  /** Differs from one engine to the next */
  readonly id: string;
  readonly version: string;
  /** Host name of the machine that it runs on */
  readonly machine: string;
  readonly system: string;
  /** Names of the runtimes it knows, and how each is started */
  readonly runtimes: ReadonlyMap<string, string>;
  readonly seccomp: boolean;
  readonly memoryLimit: boolean;
  readonly cpuLimit: boolean;
  readonly pidsLimit: boolean;
  /** Podman, which speaks the same language with gaps */
  readonly isPodman: boolean;
};

/** The answer of `docker info --format '{{json .}}'`, or podman's; undefined when no engine has answered. */
export function parseEngineFacts(text: string): EngineFacts | undefined {
  const info = parseJsonObject(text);
  if (info === undefined) return undefined;
  if (isJsonObject(info["host"]) && isJsonObject(info["version"]))
    return parsePodmanFacts(info["host"], info["version"]);
  if (typeof info["ServerVersion"] !== "string" || info["ServerVersion"] === "") return undefined;
  const runtimes = isJsonObject(info["Runtimes"]) ? info["Runtimes"] : {};
  const security = Array.isArray(info["SecurityOptions"]) ? info["SecurityOptions"].map(String) : [];
  return {
    id: textOf(info["ID"]),
    version: info["ServerVersion"],
    machine: textOf(info["Name"]),
    system: textOf(info["OperatingSystem"]),
    runtimes: new Map(Object.entries(runtimes).map(([name, runtime]) => [name, JSON.stringify(runtime)])),
    seccomp: security.some((option) => /^name=seccomp\b/.test(option) && !/profile=unconfined/.test(option)),
    memoryLimit: info["MemoryLimit"] !== false,
    cpuLimit: info["CpuCfsQuota"] !== false,
    pidsLimit: info["PidsLimit"] !== false,
    isPodman: false,
  };
}

/** It has no engine and no list of runtimes: every command is the engine itself. */
function parsePodmanFacts(host: JsonObject, version: JsonObject): EngineFacts {
  const distribution = isJsonObject(host["distribution"]) ? host["distribution"] : {};
  const security = isJsonObject(host["security"]) ? host["security"] : {};
  const controllers = Array.isArray(host["cgroupControllers"]) ? host["cgroupControllers"].map(String) : [];
  return {
    id: `podman on ${textOf(host["hostname"])}`,
    version: textOf(version["Version"]),
    machine: textOf(host["hostname"]),
    system: `${textOf(distribution["distribution"])} ${textOf(distribution["version"])}`.trim(),
    runtimes: new Map(),
    seccomp: security["seccompEnabled"] === true,
    memoryLimit: controllers.includes("memory"),
    cpuLimit: controllers.includes("cpu"),
    pidsLimit: controllers.includes("pids"),
    isPodman: true,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** How the engine's list of containers or volumes is told to show a label. */
export function labelTemplate(label: string, { isPodman }: Pick<EngineFacts, "isPodman">): string {
  return isPodman ? `{{index .Labels "${label}"}}` : `{{.Label "${label}"}}`;
}

/** Lines of slug and name, tab between them, as guests; a line of anybody else is left out. */
export function parseGuests(text: string, what: string): readonly GuestRef[] {
  return text.split("\n").flatMap((line) => {
    const [label = "", name = ""] = line.split("\t");
    const slug = parseSlug(label);
    return slug === undefined ? [] : [{ backend: "docker" as const, slug, detail: `${what} ${name.trim()}` }];
  });
}

/** Whether an engine refused a name because something has it. */
export function isNameTaken(words: string): boolean {
  return /is already in use|name .* is in use/i.test(words);
}
