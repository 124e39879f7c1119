import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SYSTEM_FOLDERS } from "../base/system-path.ts";

/**
 * How npm is started: the one beside the running Node, else the system's, by that Node. Never from the caller's `PATH`, in
 * which a repository may have put an `npm` or a `node` of its own.
 */
export async function findNpm(nodePath: string): Promise<readonly [string, string] | undefined> {
  const beside = dirname(await realpath(nodePath));
  const places = [
    join(beside, "../lib/node_modules/npm/bin/npm-cli.js"),
    ...[beside, ...SYSTEM_FOLDERS].map((folder) => join(folder, "npm")),
  ];
  for (const place of places) {
    const file = await realpath(place).catch(() => undefined);
    if (file?.endsWith(".js") === true) return [nodePath, file];
  }
  return undefined;
}
