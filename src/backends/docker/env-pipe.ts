import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { type Exit, run } from "../../base/process.ts";
import { SYSTEM_PATH } from "../../base/system-path.ts";
import { carriedName } from "./args.ts";

/** A pipe with a name, through which the engine's command reads variables: they are in no file, argument or environment. */
export type EnvPipe = {
  readonly path: string;
  /** Hands the text to whoever opens the pipe; lets go when the reader has ended instead. */
  write(text: string, ended: Promise<Exit>): Promise<void>;
};

/** Makes the pipe in a private folder. */
export async function openEnvPipe(folder: string): Promise<EnvPipe> {
  const path = join(folder, randomUUID());
  const { exit, stderr } = await run(["mkfifo", "-m", "0600", path], { env: { PATH: SYSTEM_PATH } });
  if (exit.kind !== "code" || exit.code !== 0) {
    throw new BottleError("launch/failed", `no pipe could be made: ${stderr.trim()}`);
  }
  const write = async (text: string, ended: Promise<Exit>): Promise<void> => {
    const written = writeFile(path, text).catch(() => {}); // a reader that goes away has ended, which tells more
    const over = await Promise.race([written.then(() => "written" as const), ended.then(() => "ended" as const)]);
    if (over === "ended") {
      // whoever waits for a reader gets one, and then its end
      const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      await reader.close();
      await written;
    }
    await rm(path, { force: true });
  };
  return { path, write };
}

/** Variables as the engine's command reads them, one a line; the launcher inside undoes the escapes. Pure. */
export function renderVariables(values: readonly string[]): string {
  return values.map((value, index) => `${carriedName(index)}=${escapeLine(value)}\n`).join("");
}

function escapeLine(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}
