import { once } from "node:events";
import { basename, dirname } from "node:path";
import { BottleError } from "../base/errors.ts";
import { startProcess } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { MainProcess } from "./main-process.ts";

/**
 * Sends a folder of ours into a container, as an archive of the machine's own tar; in it, under their own names, lie the others:
 * each archive costs a start two processes.
 */
export async function sendFolder(
  holder: Pick<MainProcess, "fill">,
  index: number,
  folder: string,
  others: readonly string[] = [],
): Promise<void> {
  // without the second variable macOS would put its own attributes in as files
  const env = { PATH: SYSTEM_PATH, COPYFILE_DISABLE: "1" };
  const within = others.flatMap((other) => ["-C", dirname(other), `./${basename(other)}`]);
  const argv = ["tar", "-c", "-f", "-", "-C", folder, ".", ...within] as const;
  const tar = startProcess(argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  if (tar.stdout === null) throw new Error("a pipe was asked for");
  let words = "";
  tar.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-4000);
  });
  const ended = once(tar, "close");
  await holder.fill(index, tar.stdout);
  const [code] = await ended;
  if (code === 0) return;
  throw new BottleError(
    "launch/failed",
    `${folder} could not be sent into the bottle: tar: ${words.trim() || String(code)}`,
  );
}
