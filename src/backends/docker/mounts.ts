import type { GuestSpec } from "../backend.ts";
import type { OwnFiles } from "../own-files.ts";
import type { Tool } from "../read-tools.ts";
import { type BindMount, OWN_PROGRAMS, SOCKET_FOLDER } from "./container-form.ts";

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
