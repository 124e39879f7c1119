import { BottleError } from "../base/errors.ts";
import { isInside } from "../base/is-inside.ts";
import { realOrFuture } from "../base/real-or-future.ts";
import type { GateRepo } from "../git-gate/policy.ts";
import type { PlannedWorkspace } from "../plan/plan.ts";

/** What git tries after the path that it was given */
const SUFFIXES = ["", ".git", "/.git"];

/**
 * Throws `workspace/not-allowed` for an upstream that lies in a mounted workspace: git runs the hooks of a `file://`
 * upstream on this side, and the bottle could write them.
 */
export function refuseMountedUpstream(
  repo: Pick<GateRepo, "kind" | "name" | "url">,
  workspace: PlannedWorkspace,
): void {
  if (repo.kind !== "file" || workspace.mode !== "mount") return;
  const root = realOrFuture(workspace.source);
  const path = decodeLikeGit(repo.url.slice("file://".length));
  if (!SUFFIXES.some((suffix) => isInside(realOrFuture(`${path}${suffix}`), root))) return;
  throw new BottleError("workspace/not-allowed", `the upstream of ${repo.name} lies in the mounted folder ${root}`, {
    hint: "use `--workspace copy`, or an upstream elsewhere: its hooks run outside, and the bottle could write them",
  });
}

/** Byte by byte; what is no escape stays as it is. */
function decodeLikeGit(path: string): string {
  const bytes = Buffer.from(path).toString("latin1");
  const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(decoded, "latin1").toString("utf8");
}
