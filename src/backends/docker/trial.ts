import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { randomBase36 } from "../../base/ids.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import { removeContainer } from "../../images/containers.ts";
import { type Engine, engineWords, succeeded } from "../../images/engine.ts";
import { removeImage } from "../../images/own-images.ts";
import type { EngineFacts } from "./output.ts";
import { renderTrialImage } from "./trial-image.ts";

/** Runtime that is used for every bottle where a container was seen to run under it. */
export const SANDBOX_RUNTIME = "runsc";

/** What came of a container under gVisor. */
export type RuntimeTrial =
  | { readonly kind: "none" }
  | { readonly kind: "untried" }
  | { readonly kind: "works" }
  | { readonly kind: "broken"; readonly why: string };

const LIMIT_MS = 15_000;
const CLEAR_MS = 3_000;

/** Whether containers run under gVisor here; what was found is remembered for the engine as it is configured now. */
export async function tryRuntime(
  engine: Engine,
  facts: EngineFacts,
  own: {
    readonly cacheFolder: string;
    readonly arch: NodeJS.Architecture;
    readonly mayTry: boolean;
    readonly anew: boolean;
  },
): Promise<RuntimeTrial> {
  const runtime = facts.runtimes.get(SANDBOX_RUNTIME);
  if (runtime === undefined) return { kind: "none" };
  const key = [facts.id, facts.version, runtime].join(" ");
  const file = join(own.cacheFolder, "docker-runtime.json");
  const known = own.anew ? undefined : parseTrial((await readTextIfThere(file).catch(() => undefined)) ?? "", key);
  if (known !== undefined) return known;
  if (!own.mayTry) return { kind: "untried" };
  const trial = await runTrial(engine, own.arch);
  try {
    await makePrivateFolder(own.cacheFolder);
    await writeAtomically(file, `${JSON.stringify({ key, ...trial })}\n`);
  } catch {} // a cache that cannot be written costs time only
  return trial;
}

/** What a file of the cache says about this engine. */
export function parseTrial(text: string, key: string): RuntimeTrial | undefined {
  const value = parseJsonObject(text);
  if (value === undefined || value["key"] !== key) return undefined;
  if (value["kind"] === "works") return { kind: "works" };
  return value["kind"] === "broken" ? { kind: "broken", why: String(value["why"]) } : undefined;
}

/** The smallest container there can be: a runtime that hangs, or cannot do without a network, shows itself with it. */
async function runTrial(engine: Engine, arch: NodeJS.Architecture): Promise<RuntimeTrial> {
  const archive = renderTrialImage(arch);
  if (archive === undefined) return { kind: "broken", why: `no trial for ${arch}` };
  const name = `bot-bottle-trial-${randomBase36(8)}`;
  try {
    const imported = await engine.run(["import", "-", name], { stdin: archive });
    if (!succeeded(imported.exit)) return { kind: "broken", why: engineWords(imported.stderr) };
    const { exit, stderr } = await engine.run(
      [
        ...["run", "--rm", "--name", name, "--runtime", SANDBOX_RUNTIME, "--network", "none", "--log-driver", "none"],
        ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only", name, "/trial"],
      ],
      { timeoutMs: LIMIT_MS },
    );
    if (succeeded(exit)) return { kind: "works" };
    const words = engineWords(stderr).split("\n", 1).join();
    return { kind: "broken", why: `a trial container did not run: ${words}` };
  } catch (error) {
    if (!(error instanceof BottleError) || error.code !== "process/timeout") throw error;
    return { kind: "broken", why: `a trial container did not end within ${LIMIT_MS / 1000} s` };
  } finally {
    await removeContainer(engine, name, { timeoutMs: CLEAR_MS }).catch(() => {}); // a runtime that hangs may not let go; cleanup looks again
    await removeImage(engine, name, { timeoutMs: CLEAR_MS }).catch(() => {});
  }
}
