import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Engine, mustRun } from "../../images/engine.ts";
import { SOCKET_FOLDER } from "./container-form.ts";

const MOUNTS = '{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}}\t{{.Destination}}{{"\\n"}}{{end}}{{end}}';

/**
 * An engine gives nothing out of a container one of whose mounts has lost its source, and says of every path that it is not
 * there. A clean-up that had no engine to ask has removed such sources: empty ones stand in for those below this folder.
 */
export async function standInForMounts(engine: Engine, name: string, folder: string): Promise<void> {
  const lines = await mustRun(engine, "a container cannot be looked at", ["inspect", "--format", MOUNTS, name]);
  for (const line of lines.split("\n")) {
    const [source = "", target = ""] = line.split("\t");
    if (!source.startsWith(`${folder}/`) || existsSync(source)) continue;
    await mkdir(target === SOCKET_FOLDER ? source : dirname(source), { recursive: true, mode: 0o700 });
    if (target !== SOCKET_FOLDER) await writeFile(source, "");
  }
}
