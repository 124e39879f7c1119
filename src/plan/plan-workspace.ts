import { BottleError } from "../base/errors.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HostFacts, WorkspaceFacts } from "./host-facts.ts";
import { isAttended } from "./is-attended.ts";
import type { PlannedWorkspace } from "./plan.ts";
import { renderBytes } from "./render-amount.ts";
import type { StartRequest } from "./request.ts";

/** Most that is copied without being asked for. */
const LARGE_WORKSPACE = { bytes: 500_000_000, files: 50_000 } as const;

/** Decides how the current folder gets in. */
export function planWorkspace(
  { request, bottle, facts }: { readonly request: StartRequest; readonly bottle: Bottle; readonly facts: HostFacts },
  refuse: (error: BottleError) => undefined,
): PlannedWorkspace | undefined {
  const mode = request.workspace ?? bottle.workspace.mode;
  if (mode === "none") return { mode };
  const found = facts.workspace;
  if (found === undefined) throw new Error("the workspace was not looked at");
  if (mode === "mount") return planMount(found, refuse);
  const { root, kind, subfolder, branch, files, bytes, leftOut } = found;
  if (isLarge(found) && !request.large && !request.dryRun && (request.yes || !isAttended(request, facts))) {
    return refuse(
      new BottleError("workspace/too-large", `${root} has ${files} files and ${renderBytes(bytes)} to copy`, {
        hint: "leave something out with `workspace.exclude` in the bottle, or add --large",
      }),
    );
  }
  return { mode, source: root, kind, subfolder, branch, files, bytes, leftOut };
}

/** Whether a workspace is larger than what is copied without being asked for. */
export function isLarge({ files, bytes }: { readonly files: number; readonly bytes: number }): boolean {
  return bytes > LARGE_WORKSPACE.bytes || files > LARGE_WORKSPACE.files;
}

function planMount({ root, owner }: WorkspaceFacts, refuse: (error: BottleError) => undefined) {
  if (owner.uid !== 0) return { mode: "mount", source: root, owner } as const;
  return refuse(
    new BottleError("workspace/not-allowed", `${root} belongs to root, and a bottle never runs as root`, {
      hint: "use `workspace.mode: copy`, or give the folder to an ordinary user",
    }),
  );
}
