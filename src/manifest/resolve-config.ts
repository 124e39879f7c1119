import type { HomeConfig } from "./bottle.ts";
import { checked } from "./checked.ts";
import { parseHostPath } from "./host-path.ts";
import { parseHostPattern } from "./host-pattern.ts";
import { parseSocketAddress } from "./socket-address.ts";
import type { WrittenConfig } from "./written/config.ts";

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
    tools: [...new Set((written.tools ?? []).map((tool) => checked(parseHostPath(tool, userHome))))],
  };
}
