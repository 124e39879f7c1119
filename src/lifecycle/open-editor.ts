import { once } from "node:events";
import type { Context } from "../base/context.ts";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { startProcess } from "../base/process.ts";

/** Opens a file in the operator's editor and waits for it to be closed. */
export async function openEditor(context: Context, file: string): Promise<void> {
  const editor = context.env["VISUAL"] || context.env["EDITOR"] || "vi";
  // `EDITOR` is a command line by custom (`code --wait`): a shell takes it apart, and gets the file as an argument.
  const child = startProcess(["/bin/sh", "-c", `exec ${editor} "$1"`, "sh", file], {
    env: context.env,
    stdio: "inherit",
  });
  try {
    const [code] = await once(child, "exit");
    if (code === 0) return;
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
  throw new BottleError("process/failed", `the editor ended with an error: ${editor}`, {
    hint: `set EDITOR to one that is installed, or edit ${file} yourself and run \`bottle manifest check\``,
  });
}
