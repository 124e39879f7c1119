import { randomUUID } from "node:crypto";
import { closeSync, constants, fchownSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import type { Run } from "../../base/process.ts";

/** A command's two outputs as pipes of the kernel, from both sides. */
export type OutputPipes = {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The ends for the child */
  readonly childFds: readonly [number, number];
  /** Closes our copies of the child's ends, so that the streams end with the child. */
  closeChild(): void;
  /** Closes all four ends, when no child is given them. */
  discard(): void;
};

/**
 * Opens two pipes. Not Node's own, which are sockets: a socket cannot be opened again by name, so that `echo >/dev/stderr`
 * would fail in every script. Named ones are all that can be had without native code; their names are gone at once.
 */
export async function openOutputPipes(
  run: Run,
  folder: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<OutputPipes> {
  const paths = [join(folder, randomUUID()), join(folder, randomUUID())] as const;
  try {
    const made = await run(["mkfifo", "-m", "0600", ...paths], { env: { PATH: "/usr/bin:/bin" } });
    if (made.exit.kind !== "code" || made.exit.code !== 0) {
      throw new BottleError("launch/failed", `no pipe could be made: ${made.stderr.trim()}`);
    }
    const [out, err] = [openEnds(paths[0], owner), openEnds(paths[1], owner)];
    const closeChild = () => {
      closeSync(out.write);
      closeSync(err.write);
    };
    const discard = () => {
      closeChild();
      out.read.destroy();
      err.read.destroy();
    };
    return { stdout: out.read, stderr: err.read, childFds: [out.write, err.write], closeChild, discard };
  } finally {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  }
}

function openEnds(path: string, owner: { readonly uid: number; readonly gid: number }) {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // does not wait for a writer
  const write = openSync(path, constants.O_WRONLY);
  fchownSync(write, owner.uid, owner.gid);
  return { read: new Socket({ fd, readable: true, writable: false }), write };
}
