import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Smolvm } from "./smolvm.ts";
import { mustRun } from "./smolvm.ts";

const DEADLINE_MS = 30 * 60_000;

/** What a pack is made from: what a registry has, or a machine that is stopped. */
export type PackSource =
  | { readonly kind: "image"; readonly reference: string }
  | { readonly kind: "machine"; readonly name: string };

/** The words that make a pack; smolvm adds its own ending to the name. Pure. */
export function makePackArgs(source: PackSource, output: string): readonly string[] {
  const from = source.kind === "image" ? ["--image", source.reference] : ["--from-vm", source.name];
  return ["pack", "create", ...from, "--output", output];
}

/** Makes a pack at this path, whole or not at all. */
export async function makePack(
  smolvm: Smolvm,
  source: PackSource,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const partial = `${path}.partial`;
  await rm(partial, { recursive: true, force: true }); // of one that was killed
  await mkdir(partial, { mode: 0o700 });
  try {
    const output = join(partial, "machine");
    await mustRun(smolvm, "the machine cannot be packed", makePackArgs(source, output), {
      timeoutMs: DEADLINE_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    signal?.throwIfAborted();
    await rename(`${output}.smolmachine`, path);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
