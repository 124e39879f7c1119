import type { Route, WrittenKey } from "./bottle.ts";
import { PRESETS, type PresetName, type PresetRoute } from "./presets-table.ts";

const READING = ["GET", "HEAD"];
/** What `git fetch` posts to, below the name of a repository */
const UPLOAD_PACK = "/[^/]+/[^/]+/git-upload-pack";

/** The routes that a preset stands for, as if they were written at its place. */
export function resolvePreset(name: PresetName, at: WrittenKey): readonly Route[] {
  const routes: readonly PresetRoute[] = PRESETS[name].routes;
  return routes.map(({ host, ports = [443], below, gitFetch = false }) => ({
    ...{ host, ports, matches: matchesOf(below, gitFetch), auth: undefined, inboundCredentials: "refuse" },
    git: { fetch: gitFetch },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: at.file, line: at.line, preset: name },
  }));
}

function matchesOf(below: PresetRoute["below"], gitFetch: boolean): Route["matches"] {
  const paths = (below ?? []).map((value) => ({ type: "prefix", value }) as const);
  const reading = { paths, methods: READING, headers: [] };
  if (!gitFetch) return [reading];
  return [reading, { paths: [{ type: "regex", value: UPLOAD_PACK }], methods: ["POST"], headers: [] }];
}
