import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import type { GuestSpec } from "../backend.ts";
import { type BindMount, OWN_PROGRAMS, SOCKET_FOLDER } from "./args.ts";
import type { OwnFiles } from "./own-files.ts";

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

/** What a container sees of this machine, all of it read-only but a workspace that is to be mounted; pure. */
export function makeMounts(from: {
  readonly spec: GuestSpec;
  readonly files: OwnFiles;
  readonly tools: readonly Tool[];
  /** Folder of the sockets of the link */
  readonly sockets: string;
  /** Our own Node, for an image without one */
  readonly nodePath: string | undefined;
}): readonly BindMount[] {
  const { spec, files, tools, sockets, nodePath } = from;
  const { workspace, layout } = spec;
  return [
    { source: sockets, target: SOCKET_FOLDER, readOnly: true },
    ...files.files.map(({ source, target }) => ({ source, target, readOnly: true })),
    ...tools.map(({ source, target }) => ({ source, target, readOnly: true })),
    ...(nodePath === undefined ? [] : [{ source: nodePath, target: `${OWN_PROGRAMS}/node`, readOnly: true }]),
    ...(workspace.kind === "mount" ? [{ source: workspace.path, target: layout.workspace, readOnly: false }] : []),
  ];
}
