import type { Backend } from "../backends/backend.ts";
import { makeBackendNotBuilt } from "../backends/not-built.ts";
import type { Context } from "../base/context.ts";
import { run } from "../base/process.ts";

/**
 * Every backend, in the order in which they are shown; each is loaded here and nowhere else. Unless `mayTry`, their probes
 * only look: nothing is written and no trial bottle is run.
 */
export async function makeBackends(context: Context, mayTry: boolean): Promise<readonly Backend[]> {
  const { makeLocalBackend } = await import("../backends/local/local-backend.ts");
  const { uid, gid, pid, platform, arch, nodePath, paths } = context;
  return [
    makeLocalBackend({
      ...{ uid, gid, pid, platform, arch, nodePath, run, mayTry },
      home: paths.home,
      cacheFolder: paths.cache,
    }),
    makeBackendNotBuilt("docker", "containers through Docker"),
    makeBackendNotBuilt("smolmachines", "micro-VMs through smolvm"),
  ];
}
