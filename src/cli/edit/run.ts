import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { canAsk } from "../../lifecycle/ask.ts";
import { openEditor } from "../../lifecycle/open-editor.ts";
import type { CommandContext } from "../context.ts";
import { runCheck } from "../manifest/run-check.ts";
import type { EditFlags } from "./command.ts";

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Opens a manifest of the home folder in the editor, makes it first if there is none, and checks it afterwards. */
export async function runEdit(context: CommandContext, flags: EditFlags, name: string): Promise<number> {
  if (!canAsk(context)) {
    throw new BottleError("input/usage", "an editor needs a terminal", {
      hint: `edit the file in ${context.paths.home} instead`,
    });
  }
  if (name === "config" && flags.agent !== true) {
    await ensure(context.paths.home, context.paths.config, "# Settings of this machine for every bottle\n");
    await openEditor(context, context.paths.config);
    return runCheck(context, {});
  }
  if (!NAME.test(name)) {
    throw new BottleError("input/usage", `"${name}" cannot be a name`, {
      hint: "letters a-z, digits and -, beginning with a letter",
    });
  }
  const folder = flags.agent ? context.paths.agents : context.paths.bottles;
  const file = join(folder, `${name}.md`);
  await ensure(folder, file, flags.agent ? "---\nbottle: default\n---\n" : "---\nworkspace:\n  mode: copy\n---\n");
  await openEditor(context, file);
  return runCheck(context, {}, name);
}

async function ensure(folder: string, file: string, text: string): Promise<void> {
  await makePrivateFolder(folder);
  if ((await readTextIfThere(file)) === undefined) await writeAtomically(file, text);
}
