import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "../base/errors.ts";

/** A folder of tools: where it is, where it appears, and what of it goes on the PATH. */
export type Tool = { readonly source: string; readonly target: string; readonly path: string };

/** Looks at the folders of tools, links followed. */
export function readTools(tools: readonly string[]): Promise<readonly Tool[]> {
  return Promise.all(
    tools.map(async (target) => {
      const source = await realpath(target).catch((cause: unknown) => {
        throw new BottleError("launch/failed", `the folder of tools ${target} cannot be used`, {
          hint: "remove it from `tools` in config.yaml, or install what belongs there",
          cause,
        });
      });
      const bin = await stat(join(source, "bin")).catch(() => undefined);
      return { source, target, path: bin?.isDirectory() === true ? join(target, "bin") : target };
    }),
  );
}
