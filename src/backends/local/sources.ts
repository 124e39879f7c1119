import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import type { GuestProgram, GuestSpec } from "../backend.ts";
import { OWN_FOLDER, type Sources } from "./args.ts";
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
  const outside = own.tools.filter((tool) => !isInUsr(tool.target)); // /usr is there anyway
  const staged: StagedFolder[] = [];
  const place = (source: string, name: string): string => {
    if (identity.kind === "self") return source;
    const target = join(STAGE, name);
    staged.push({ source, target });
    return target;
  };
  const nodeFolder = dirname(own.nodeFile);
  const node = isInUsr(nodeFolder) ? own.nodeFile : join(place(nodeFolder, "node"), basename(own.nodeFile));
  const sources = {
    home: place(spec.homeFolder, "home"),
    workspace: workspace === undefined ? undefined : place(workspace, "workspace"),
    etc: place(own.etc, "etc"),
    node,
    tools: [
      ...outside.map(({ folder, target }, index) => ({ source: place(folder, `tool-${index}`), target })),
      ...(spec.program === undefined ? [] : [placeProgram(spec.program, place)]),
    ],
    toolPaths: [
      ...(spec.program === undefined ? [] : [`${programFolder(spec.program)}/bin`]),
      ...own.tools.map((tool) => tool.path),
    ],
  };
  return { sources, staged };
}

/** A folder as it is; of a single file's folder only that file. */
function placeProgram(
  program: GuestProgram,
  place: (source: string, name: string) => string,
): Sources["tools"][number] {
  if (program.kind === "folder") return { source: place(program.path, "program"), target: programFolder(program) };
  const source = join(place(dirname(program.path), "program"), basename(program.path));
  return { source, target: `${programFolder(program)}/bin/${program.name}` };
}

function programFolder({ name }: GuestProgram): string {
  return `${OWN_FOLDER}/${name}`;
}

function isInUsr(path: string): boolean {
  return path === "/usr" || path.startsWith("/usr/");
}
