import type { HomeConfig } from "./bottle.ts";
import { checked } from "./checked.ts";
import { parseHostPath } from "./host-path.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parseSocketAddress } from "./socket-address.ts";
import type { WrittenConfig } from "./written/config.ts";

/** Version 2.8.3 for all architectures; its content is what the digest says, whoever serves it */
const REGISTRY_IMAGE =
  "docker.io/library/registry:2.8.3@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373";

/** The machine-wide settings with every default filled in. Expects rules to have passed. */
export function resolveConfig(written: WrittenConfig, userHome: string): HomeConfig {
  return {
    backend: written.backend,
    extraCa: written.extra_ca && checked(parseHostPath(written.extra_ca, userHome)),
    upstreamProxy: written.upstream_proxy && new URL(written.upstream_proxy).origin,
    resolve: Object.entries(written.resolve ?? {}).map(([text, address]) => {
      const pattern = parseHostPattern(text);
      const name = checked(pattern.kind === "host" ? pattern.host : undefined);
      return { name, ...checked(parseSocketAddress(address)) };
    }),
    registryImage: written.registry_image ?? REGISTRY_IMAGE,
    tools: [...new Set((written.tools ?? []).map((tool) => checked(parseHostPath(tool, userHome))))],
  };
}
