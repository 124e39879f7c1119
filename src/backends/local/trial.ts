import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { fileError, makePrivateFolder } from "../../base/files.ts";
import { readHolder } from "../../base/holder.ts";
import { parseSlug, randomBase36 } from "../../base/ids.ts";
import { Scope } from "../../base/scope.ts";
import { makeTemporaryPrefix } from "../../base/temporary-name.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { GuestSpec } from "../backend.ts";
import type { CgroupFacts } from "./cgroup-facts.ts";
import { limitsHeldBy } from "./cgroups.ts";
import { openGuest } from "./guest.ts";
import { waitUntilUserGone } from "./identity.ts";
import type { Workshop } from "./workshop.ts";

const TRIAL_LIMITS = { pids: 32, cpus: undefined, memoryBytes: 64 * 1024 * 1024, timeMs: undefined };

/** Runs `true` in a bottle like any other, in a folder of its own that is gone afterwards. */
export async function runTrial(workshop: Workshop, cgroups: CgroupFacts): Promise<void> {
  const slug = parseSlug(`trial-${randomBase36(5)}`);
  if (slug === undefined) throw new Error("a trial needs a slug");
  const { cacheFolder, pid } = workshop.setup;
  await makePrivateFolder(cacheFolder);
  const prefix = join(cacheFolder, makeTemporaryPrefix("trial", await readHolder(pid)));
  const folder = await mkdtemp(prefix).catch((error: unknown) => {
    throw fileError(error, "create", prefix);
  });
  let owner: number | undefined;
  try {
    await using scope = new Scope();
    const homeFolder = join(folder, "home");
    await mkdir(homeFolder);
    const spec: GuestSpec = {
      slug,
      layout: { ...GUEST_LAYOUT, hostname: "trial" },
      homeFolder,
      workspace: { kind: "none" },
      scratch: join(folder, "scratch"),
      limits: { ...TRIAL_LIMITS, ...limitsHeldBy(cgroups) },
      tools: [],
    };
    const guest = await openGuest(workshop, spec, scope);
    owner = guest.owner.uid;
    const env = new Map<string, string>();
    const { exit } = await guest.exec({ argv: ["true"], env, cwd: spec.layout.home, terminal: undefined });
    const ended = await exit;
    if (ended.kind !== "code" || ended.code !== 0) {
      throw new BottleError("launch/failed", `\`true\` ended with ${JSON.stringify(ended)} in a bottle`);
    }
  } finally {
    // root never deletes what another user could still be changing
    if (owner === undefined || owner === workshop.setup.uid || (await waitUntilUserGone(owner))) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
