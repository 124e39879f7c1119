import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import type { GuestSpec } from "../backend.ts";
import type { Sources, ToolSource } from "./args.ts";
import { type Identity, STAGE, type StagedFolder } from "./chain.ts";

/** A folder of tools as it lies on the host. */
export type ToolFolder = { readonly target: string; readonly folder: string; readonly path: string };

/** Looks at the folders of tools: links followed, and what of each belongs on the PATH. Those below `/usr` are there anyway. */
export async function readToolFolders(tools: readonly string[]): Promise<readonly ToolFolder[]> {
  return await Promise.all(
    tools.map(async (target) => {
      const folder = await realpath(target).catch((cause: unknown) => {
        throw new BottleError("launch/failed", `the folder of tools ${target} cannot be used`, {
          hint: "remove it from `tools` in config.yaml, or install what belongs there",
          cause,
        });
      });
      const hasBin = await stat(join(folder, "bin")).then(
        (entry) => entry.isDirectory(),
        () => false,
      );
      return { target, folder, path: hasBin ? join(target, "bin") : target };
    }),
  );
}

/** Where everything lies for bubblewrap, and what stage 0 must bring there first; pure. */
export function placeSources(
  spec: GuestSpec,
  identity: Identity,
  own: { readonly etc: string; readonly nodeFile: string; readonly tools: readonly ToolFolder[] },
): { readonly sources: Sources; readonly staged: readonly StagedFolder[] } {
  const workspace = spec.workspace.kind === "none" ? undefined : spec.workspace.path;
  const tools = own.tools.filter((tool) => !tool.folder.startsWith("/usr/"));
  const inUsr = own.tools.filter((tool) => tool.folder.startsWith("/usr/"));
  const staged: StagedFolder[] = [];
  const place = (source: string, name: string): string => {
    if (identity.kind === "self") return source;
    const target = join(STAGE, name);
    staged.push({ source, target });
    return target;
  };
  const toolSources: readonly ToolSource[] = [
    ...inUsr.map(({ target, folder, path }) => ({ source: folder, target, path })),
    ...tools.map(({ target, folder, path }, index) => ({ source: place(folder, `tool-${index}`), target, path })),
  ];
  const nodeFolder = dirname(own.nodeFile);
  const node = nodeFolder.startsWith("/usr/") ? own.nodeFile : join(place(nodeFolder, "node"), basename(own.nodeFile));
  const sources = {
    home: place(spec.homeFolder, "home"),
    workspace: workspace === undefined ? undefined : place(workspace, "workspace"),
    etc: place(own.etc, "etc"),
    node,
    tools: toolSources.filter((tool) => !tool.target.startsWith("/usr/")),
  };
  return { sources, staged };
}
