import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { packageRoot } from "../base/package-root.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import { readConfig } from "../manifest/read-manifest.ts";
import { resolveConfig } from "../manifest/resolve-config.ts";
import { type HandOverName, makeHandOver } from "../plan/hand-over.ts";
import { ownImage } from "../plan/plan-image.ts";
import { makeBackends } from "./make-backends.ts";
import type { BuiltImage } from "./manage-images.ts";

/**
 * Makes of images what machines start from, and what makes them start faster; the paths. Throws `backend/not-available` where
 * no machine can be made.
 */
export async function handOverImages(
  context: Context,
  images: readonly BuiltImage[],
  by: HandOverName,
  onLine: (line: string) => void,
): Promise<readonly string[]> {
  const backend = makeBackends(context, true).find(({ name }) => name === "smolmachines");
  const probe = await backend?.probe(context.signal);
  if (backend === undefined || probe?.usable !== true) {
    const broken = probe?.checks.find(({ outcome }) => outcome === "failed");
    throw new BottleError("backend/not-available", `no machine can be made here: ${broken?.detail ?? "no smolvm"}`, {
      hint: broken?.fix ?? "bottle doctor",
    });
  }
  const { written } = await readConfig(context.paths.config, { userHome: context.userHome });
  if (written === undefined) {
    const hint = "`bottle manifest check` shows all of it";
    throw new BottleError("manifest/invalid", `${context.paths.config} is not right`, { hint });
  }
  const { registryImage } = resolveConfig(written, context.userHome);
  const onWarning = (text: string) => void context.stderr.write(`bottle: warning: ${showHarmlessly(text)}\n`);
  const watch = { signal: context.signal, onLine, onWarning };
  const paths: string[] = [];
  for (const { name } of images) {
    const recipe = ownImage(join(packageRoot(), "images"), name);
    const prepared = await backend.prepare({ ...recipe, args: {}, handOver: makeHandOver(by, registryImage) }, watch);
    const faster = await backend.hasten?.(prepared, watch);
    for (const made of new Set([prepared.image, faster?.image])) if (made !== undefined) paths.push(made);
  }
  return paths;
}
