import { hostname } from "node:os";
import { join } from "node:path";
import type { Backend } from "../backends/backend.ts";
import { makeLazyBackend } from "../backends/lazy-backend.ts";
import type { Context } from "../base/context.ts";
import { packageRoot } from "../base/package-root.ts";
import { run } from "../base/process.ts";
import { openEngine } from "../images/engine.ts";

/** Most commands that are run for a moment only are over by then */
const TEMPLATE_AFTER_MS = 20_000;

/**
 * Every backend, in the order in which they are shown; each is loaded here and nowhere else. Unless `mayTry`, their probes
 * only look: nothing is written and no trial bottle is run.
 */
export function makeBackends(context: Context, mayTry: boolean): readonly Backend[] {
  const { uid, gid, pid, platform, arch, nodePath, paths } = context;
  return [
    makeLazyBackend("local", async () => {
      const { makeLocalBackend } = await import("../backends/local/local-backend.ts");
      return makeLocalBackend({
        ...{ uid, gid, pid, platform, arch, nodePath, run, mayTry },
        home: paths.home,
        cacheFolder: paths.cache,
      });
    }),
    makeLazyBackend("docker", async () => {
      const { makeDockerBackend } = await import("../backends/docker/docker-backend.ts");
      return makeDockerBackend({
        ...{ uid, gid, platform, arch, nodePath, mayTry },
        engine: openEngine(context.env, run),
        machine: hostname(),
        home: paths.home,
        cacheFolder: paths.cache,
        guestProgram: join(packageRoot(), "dist", "guest.cjs"),
        link: context.env["BOTTLE_DOCKER_LINK"],
        calls: context.env["BOTTLE_DOCKER_CALLS"],
      });
    }),
    makeLazyBackend("smolmachines", async () => {
      const { makeSmolmachinesBackend } = await import("../backends/smolmachines/smolmachines-backend.ts");
      const { openSmolvm } = await import("../backends/smolmachines/smolvm.ts");
      return makeSmolmachinesBackend({
        ...{ uid, gid, pid, platform, arch, nodePath, mayTry },
        smolvm: openSmolvm(context.env, run),
        templateAfterMs: TEMPLATE_AFTER_MS,
        engine: openEngine(context.env, run),
        home: paths.home,
        cacheFolder: paths.cache,
        guestProgram: join(packageRoot(), "dist", "guest.cjs"),
      });
    }),
  ];
}
