import type { Bottle, Egress, GitRepo, Provider, Resources, WrittenKey } from "./bottle.ts";
import { checked } from "./checked.ts";
import { parseDuration } from "./duration.ts";
import { parseEnvEntry } from "./env-entry.ts";
import { isInRepository, parseHostPath } from "./host-path.ts";
import type { Layer } from "./merge-bottles.ts";
import { isProgramWord } from "./program-word.ts";
import { resolvePreset } from "./resolve-preset.ts";
import { resolveRoute } from "./resolve-route.ts";
import { parseSecretRef, type WrittenSecretRef } from "./secret-ref.ts";
import { parseSize } from "./size.ts";
import type { WrittenBottle } from "./written/bottle.ts";

/** Where a bottle came from. */
export type BottleOrigin = { readonly names: readonly string[]; readonly files: readonly string[] };

/** A bottle with every default filled in; the one place where defaults of a bottle are. Expects rules to have passed. */
export function resolveBottle(origin: BottleOrigin, { written, keys }: Layer, userHome: string): Bottle {
  return {
    ...origin,
    env: Object.entries(written.env ?? {}).map(([name, value]) => parseEnvEntry(name, value)),
    provider: resolveProvider(written.agent_provider ?? {}, userHome),
    gitGate: {
      user: { name: written["git-gate"]?.user?.name, email: written["git-gate"]?.user?.email },
      repos: Object.entries(written["git-gate"]?.repos ?? {}).map(([name, repo]) => resolveRepo(name, repo, userHome)),
    },
    egress: resolveEgress(written.egress ?? {}, keys, userHome),
    supervise: written.supervise ?? true,
    resources: resolveResources(written.resources ?? {}),
    workspace: {
      mode: written.workspace?.mode ?? "copy",
      exclude: written.workspace?.exclude ?? [],
      include: written.workspace?.include ?? [],
    },
    backend: written.backend,
    written: keys,
  };
}

type Section<Key extends keyof WrittenBottle> = NonNullable<WrittenBottle[Key]>;

function resolveProvider(written: Section<"agent_provider">, userHome: string): Provider {
  return {
    template: written.template ?? "shell",
    dockerfile:
      written.dockerfile && isInRepository(written.dockerfile)
        ? written.dockerfile
        : written.dockerfile && checked(parseHostPath(written.dockerfile, userHome)),
    authToken: resolveRef(written.auth_token, userHome),
    program: resolveProgram(written.program, userHome),
    command: written.command,
    settings: written.settings ?? {},
  };
}

function resolveProgram(written: string | undefined, userHome: string): string {
  if (written === undefined || isProgramWord(written)) return written ?? "pinned";
  return checked(parseHostPath(written, userHome));
}

function resolveRepo(
  name: string,
  written: NonNullable<Section<"git-gate">["repos"]>[string],
  userHome: string,
): GitRepo {
  const { refs } = written;
  return {
    name,
    url: written.url,
    key: written.key && checked(parseHostPath(written.key, userHome)),
    hostKey: written.host_key,
    tokenRef: resolveRef(written.token_ref, userHome),
    refs: refs && {
      branches: refs.branches ?? [],
      tags: refs.tags ?? [],
      force: refs.force ?? false,
      delete: refs.delete ?? false,
    },
    runFiles: written.run_files ?? "report",
  };
}

function resolveEgress(written: Section<"egress">, keys: readonly WrittenKey[], userHome: string): Egress {
  const places = new Map(keys.map((key) => [key.path, key]));
  return {
    log: written.log ?? "requests",
    routes: [
      ...(written.routes ?? []).map((route, index) =>
        resolveRoute(route, checked(places.get(`egress.routes.${index}`)), userHome),
      ),
      // behind what is written: of two routes that fit, the first one speaks
      ...[...new Set(written.presets ?? [])].flatMap((name) =>
        resolvePreset(name, checked(places.get("egress.presets"))),
      ),
    ],
    limits: {
      connections: written.limits?.connections ?? 256,
      headTimeoutMs: written.limits?.head_timeout_ms ?? 10_000,
      idleTimeoutMs: written.limits?.idle_timeout_ms ?? 600_000,
      maxHeadBytes: written.limits?.max_head_bytes ?? 65_536,
      maxBodyBytes: written.limits?.max_body_bytes,
      holdTimeoutMs: written.limits?.hold_timeout_ms ?? 300_000,
    },
  };
}

function resolveResources(written: Section<"resources">): Resources {
  return {
    cpus: written.cpus,
    memoryBytes: written.memory === undefined ? undefined : checked(parseSize(written.memory)),
    pids: written.pids ?? 512,
    diskBytes: written.disk === undefined ? undefined : checked(parseSize(written.disk)),
    timeMs: written.time === undefined ? undefined : checked(parseDuration(written.time)),
  };
}

function resolveRef(written: WrittenSecretRef | undefined, userHome: string) {
  return written === undefined ? undefined : checked(parseSecretRef(written, userHome));
}
