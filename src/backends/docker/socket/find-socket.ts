import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTextIfThere } from "../../../base/files.ts";
import { isJsonObject, parseJsonObject } from "../../../base/parse-json.ts";
import type { Engine } from "../../../images/engine.ts";

const OWN_SOCKET = "/var/run/docker.sock";

/**
 * The socket of this machine that the engine's command would speak to: by `DOCKER_HOST`, else by its context, else the usual
 * one. Undefined where it would go elsewhere or nobody can tell, and for any other command.
 */
export async function findSocket({ command, env }: Engine): Promise<string | undefined> {
  if (command !== "docker" || !isOnPath(command, env["PATH"])) return undefined;
  const { DOCKER_HOST: host = "", DOCKER_CONFIG: named = "", HOME: home = "" } = env;
  if (host !== "") return parseUnixHost(host);
  if (named === "" && home === "") return undefined;
  const folder = named === "" ? join(home, ".docker") : named;
  const context = await readContext(folder, env["DOCKER_CONTEXT"]);
  if (context === undefined) return undefined;
  return context === "default" ? OWN_SOCKET : readEndpoint(folder, context);
}

function isOnPath(program: string, path = ""): boolean {
  return path.split(":").some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function parseUnixHost(host: string): string | undefined {
  return /^unix:\/\/(\/[^?]+)$/.exec(host)?.[1];
}

async function readContext(folder: string, chosen = ""): Promise<string | undefined> {
  if (chosen !== "") return chosen;
  const text = await readTextIfThere(join(folder, "config.json"));
  const config = text === undefined ? {} : parseJsonObject(text);
  if (config === undefined) return undefined;
  const current = config["currentContext"] ?? "";
  return current === "" ? "default" : typeof current === "string" ? current : undefined;
}

/** The command keeps a context under the digest of its name. */
async function readEndpoint(folder: string, context: string): Promise<string | undefined> {
  const key = createHash("sha256").update(context).digest("hex");
  const text = await readTextIfThere(join(folder, "contexts/meta", key, "meta.json"));
  const endpoints = parseJsonObject(text ?? "")?.["Endpoints"];
  const docker = isJsonObject(endpoints) ? endpoints["docker"] : undefined;
  const host = isJsonObject(docker) ? docker["Host"] : undefined;
  return typeof host === "string" ? parseUnixHost(host) : undefined;
}
