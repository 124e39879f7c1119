import type { GitEnv } from "./git-process.ts";
import type { Change } from "./new-content.ts";
import { readObjects } from "./object-reader.ts";

/** Shorter stretches stand in a file by chance. */
const SHORTEST = 8;

/** What the upstream has already of what is found. */
export type Baseline = {
  /**
   * Whether each of the changes that brings `blob` changes a file which had these very bytes before. Must be asked in the
   * order of the changes: what one new version was allowed, the next one is.
   */
  knows(stretch: Buffer, blob: string, changes: readonly Change[]): Promise<boolean>;
};

/** Compares with the versions before, byte by byte; `fresh` are the objects that the upstream does not have. */
export function makeBaseline(fresh: ReadonlySet<string>, folder: string, env: GitEnv): Baseline {
  const allowed = new Map<string, Set<string>>();
  const has = async (blob: string, stretch: Buffer): Promise<boolean> => {
    if (fresh.has(blob)) return allowed.get(blob)?.has(stretch.toString("latin1")) ?? false;
    for await (const { type, bytes } of readObjects([blob], folder, env)) {
      if (type === "blob" && bytes.includes(stretch)) return true;
    }
    return false;
  };
  const hadBefore = async ({ before }: Change, stretch: Buffer): Promise<boolean> => {
    for (const blob of before) if (await has(blob, stretch)) return true;
    return false;
  };
  return {
    knows: async (stretch, blob, changes) => {
      if (stretch.length < SHORTEST || changes.length === 0) return false;
      for (const change of changes) if (!(await hadBefore(change, stretch))) return false;
      const here = allowed.get(blob) ?? new Set();
      allowed.set(blob, here.add(stretch.toString("latin1")));
      return true;
    },
  };
}
