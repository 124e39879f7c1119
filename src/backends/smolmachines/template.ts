import { rm } from "node:fs/promises";
import { BottleError } from "../../base/errors.ts";
import { readTextIfThere, writeAtomically } from "../../base/files.ts";
import { randomBase36 } from "../../base/ids.ts";
import { isThere } from "../../images/artifacts.ts";
import { LABELS, makeOwnerMark } from "../labels.ts";
import { makeDeleteArgs } from "./args.ts";
import { START_DEADLINE_MS } from "./collect.ts";
import { makePack } from "./pack.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { mustRun } from "./smolvm.ts";
import { hasPacks, renderVersion, type Version } from "./version.ts";

const CPUS = 2;
const MEMORY_MEGABYTES = 2048;

/** The pack of an image's template machine, where there is one and this smolvm starts machines from it. */
export async function findTemplate(path: string | undefined, version: Version): Promise<string | undefined> {
  if (path === undefined || !hasPacks(version) || (await isRefused(path, version))) return undefined;
  return (await isThere(path)) ? path : undefined;
}

/** Notes that this smolvm cannot make or start this pack, so that it is not tried at every start. */
export async function refuseTemplate(path: string, version: Version): Promise<void> {
  await rm(path, { force: true });
  await writeAtomically(refusalOf(path), `${renderVersion(version)}\n`);
}

/**
 * Boots a machine from an archive once, which unpacks the image, and packs it, so that later machines need not unpack it;
 * whether there is such a pack then. What fails is remembered and is no error: the archive does the same, slower.
 */
export async function makeTemplate(
  setup: SmolmachinesSetup,
  version: Version,
  { archive, template }: { readonly archive: string; readonly template: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!hasPacks(version) || (await isRefused(template, version))) return false;
  if (await isThere(template)) return true;
  try {
    await packTemplate(setup, archive, template, signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false; // the next one has the time
    if (!(error instanceof BottleError)) throw error;
    await refuseTemplate(template, version);
    return false;
  }
}

async function packTemplate(
  { smolvm, home, uid }: SmolmachinesSetup,
  archive: string,
  template: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = `bb-template-${randomBase36(8)}`;
  const stopping = signal === undefined ? {} : { signal };
  // a clean-up finds one whose process was killed, as it finds bottles
  const labels = [`${LABELS.slug}=template-${randomBase36(5)}`, `${LABELS.home}=${makeOwnerMark(home, uid)}`];
  try {
    await mustRun(smolvm, "the template machine cannot be made", [
      ...["machine", "create", "--name", name, "--image", archive],
      ...["--cpus", String(CPUS), "--mem", String(MEMORY_MEGABYTES), ...labels.flatMap((label) => ["--label", label])],
      ...["--", "sleep", "infinity"],
    ]);
    signal?.throwIfAborted();
    await mustRun(smolvm, "the template machine does not start", ["machine", "start", "--name", name], {
      timeoutMs: START_DEADLINE_MS,
      ...stopping,
    });
    await mustRun(smolvm, "the template machine does not stop", ["machine", "stop", "--name", name]);
    await makePack(smolvm, { kind: "machine", name }, template, signal);
  } finally {
    await smolvm.run(makeDeleteArgs(name)); // one that was never made is no error here
  }
}

function refusalOf(path: string): string {
  return `${path}.refused`;
}

async function isRefused(path: string, version: Version): Promise<boolean> {
  return (await readTextIfThere(refusalOf(path)))?.trim() === renderVersion(version);
}
