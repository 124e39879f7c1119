import { dirname, join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { makeSharedFolder } from "../base/files.ts";
import { withLockWaited } from "../base/lock-waited.ts";
import { run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { findNpm } from "../providers/find-npm.ts";
import { fetchProgram, isCached } from "../providers/program-cache.ts";
import type { Provider } from "../providers/provider.ts";
import { showProgress } from "./progress.ts";
import { findOwnBuild } from "./provider-facts.ts";

/**
 * Brings an agent's program into the cache, unless it is there. Starts that want the same one wait for whoever fetches it.
 * Throws `provider/fetch-failed`; whatever happens, the cache holds whole programs only.
 */
export async function ensureProgram(context: Context, plan: BottlePlan, provider: Provider): Promise<void> {
  if (plan.provider === undefined) return;
  const { program, title } = plan.provider;
  if (program.kind !== "pinned" || (await isCached(program.folder))) return;
  const build = await findOwnBuild(context, provider);
  if (build === undefined) throw new Error("a program was planned that has no build here");
  await makeSharedFolder(dirname(program.folder));
  const progress = showProgress(context, `fetching ${title} ${program.version} from npm`);
  try {
    const lock = { path: join(dirname(program.folder), ".lock"), pid: context.pid, note: "fetching a program" };
    await withLockWaited(lock, context.signal, async () => {
      if (await isCached(program.folder)) return; // by whoever had the lock before
      const npm = await findNpm(context.nodePath);
      if (npm === undefined) {
        const hint = "install npm, or write agent_provider.program: installed for a program of your own";
        throw new BottleError("provider/fetch-failed", "there is no npm to fetch it with", { hint });
      }
      const env = {
        ...withoutSecrets(context.env, plan, provider),
        PATH: `${dirname(context.nodePath)}:${SYSTEM_PATH}`,
      };
      await fetchProgram(build, program.folder, { run, npm, env, signal: context.signal });
    });
    progress.done();
  } finally {
    progress.stop();
  }
}

/** What npm gets of the shell: a token for its registry may be there, but nothing that the bottle keeps outside. */
function withoutSecrets(env: Context["env"], plan: BottlePlan, provider: Provider): Context["env"] {
  const refs = [plan.provider?.credential, ...plan.egress.routes.map(({ auth }) => auth?.tokenRef)];
  const kept = new Set([
    "NODE_OPTIONS", // the Node that runs npm would load what it names
    ...provider.forms.map(({ variable }) => variable),
    ...refs.flatMap((ref) => (ref?.kind === "env" ? [ref.variable] : [])),
  ]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !kept.has(name)));
}
