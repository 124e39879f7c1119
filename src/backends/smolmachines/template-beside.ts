import { setTimeout as sleep } from "node:timers/promises";
import { readHolder } from "../../base/holder.ts";
import { tryLock } from "../../base/lock.ts";
import type { Scope } from "../../base/scope.ts";
import { templateOf } from "../../images/artifacts.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { makeTemplate } from "./template.ts";
import type { Version } from "./version.ts";

/**
 * Makes the template of a bottle's machine while the bottle runs, so that no start waits for it. The end of the bottle ends
 * it too, and the next one tries again.
 */
export function makeTemplateBeside(
  setup: SmolmachinesSetup,
  version: Version,
  archive: string | undefined,
  scope: Scope,
): void {
  const template = templateOf(archive ?? "");
  const { templateAfterMs } = setup;
  if (archive === undefined || template === undefined || templateAfterMs === undefined) return;
  const ended = new AbortController();
  const made = work(setup, version, { archive, template }, templateAfterMs, ended.signal).catch(() => {}); // costs time only
  scope.defer("end the making of a template", async () => {
    ended.abort();
    await made;
  });
}

async function work(
  setup: SmolmachinesSetup,
  version: Version,
  paths: { readonly archive: string; readonly template: string },
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  await sleep(afterMs, undefined, { signal, ref: false });
  const attempt = await tryLock(`${paths.template}.lock`, await readHolder(setup.pid), "making a template");
  if (attempt.kind !== "taken") return; // another bottle of this image is at it
  try {
    await makeTemplate(setup, version, paths, signal);
  } finally {
    await attempt.lock.release();
  }
}
