import type { Backend } from "../backends/backend.ts";
import { makeBackendNotBuilt } from "../backends/not-built.ts";
import type { Context } from "../base/context.ts";
import { run } from "../base/process.ts";

/** Every backend, in the order in which they are shown; each is loaded here and nowhere else. */
export async function makeBackends(context: Context): Promise<readonly Backend[]> {
  const { makeLocalBackend } = await import("../backends/local/local-backend.ts");
  const { uid, gid, pid, platform, arch, nodePath, paths } = context;
  return [
    makeLocalBackend({
      ...{ uid, gid, pid, platform, arch, nodePath, run },
      home: paths.home,
      cacheFolder: paths.cache,
    }),
    makeBackendNotBuilt("docker", "containers through Docker"),
    makeBackendNotBuilt("smolmachines", "micro-VMs through smolvm"),
  ];
}
