import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GuestSpec } from "./backend.ts";

/** Files of ours for a container. */
export type OwnFiles = {
  /** Each where it lies here and where it appears inside */
  readonly files: readonly Place[];
  /** Folders that are filled instead, for an engine that does not see this machine's files */
  readonly folders: readonly Place[];
};

type Place = { readonly source: string; readonly target: string };

/** The one folder whose files an engine elsewhere gets: programs are told of it by variables. */
const OWN_FOLDER = "/etc/bot-bottle";

/**
 * Writes the files that a guest finds in its `/etc`; with `user`, also who that is. In a folder that is filled the bottle's
 * own user could change them: it can only make its own programs distrust its own way out.
 */
export function writeOwnFiles(
  spec: GuestSpec,
  user: { readonly uid: number; readonly gid: number } | undefined,
  mayMount: boolean,
): OwnFiles {
  const root = join(spec.scratch, "files");
  const wanted = [...(spec.files ?? []), ...(user === undefined ? [] : renderUser(spec, user))];
  const files = wanted.filter(({ path }) => mayMount || path.startsWith(`${OWN_FOLDER}/`));
  mkdirSync(spec.scratch, { recursive: true, mode: 0o700 });
  for (const { path, content } of files) {
    const source = join(root, path);
    mkdirSync(dirname(source), { recursive: true, mode: 0o755 });
    writeFileSync(source, content);
    chmodSync(source, 0o444);
  }
  if (mayMount) return { files: files.map(({ path }) => ({ source: join(root, path), target: path })), folders: [] };
  return { files: [], folders: files.length === 0 ? [] : [{ source: join(root, OWN_FOLDER), target: OWN_FOLDER }] };
}

function renderUser({ layout }: GuestSpec, { uid, gid }: { readonly uid: number; readonly gid: number }) {
  const { user, home } = layout;
  return [
    {
      path: "/etc/passwd",
      content: `root:x:0:0:root:/root:/usr/sbin/nologin\n${user}:x:${uid}:${gid}::${home}:/bin/sh\n`,
    },
    { path: "/etc/group", content: `root:x:0:\n${user}:x:${gid}:\n` },
  ];
}
