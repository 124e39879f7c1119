import type { Exit } from "../../base/process.ts";
import { makeExit } from "../../base/process.ts";
import { removeContainer, removeVolume } from "../../images/containers.ts";
import { type Engine, engineWords, succeeded } from "../../images/engine.ts";
import { parseExit } from "../launch-result.ts";
import { startClient } from "../start-client.ts";
import { makeExecArgs, makeRunArgs } from "./args.ts";
import { collectFolder } from "./collect.ts";
import type { ContainerCalls } from "./container-calls.ts";
import { openHolder } from "./holder.ts";

/** Everything by the engine's command, which knows contexts, ssh and credentials; the way that always works. */
export function makeCallsByCommand(engine: Engine): ContainerCalls {
  return {
    hold: (form, link) => openHolder(engine, makeRunArgs(form), link),
    launch: async (parts, terminal) => {
      const argv = [engine.command, ...makeExecArgs(parts)] as const;
      const { child, streams, marks, close } = await startClient(argv, parts.mark, engine.env, terminal);
      const exit = new Promise<Exit>((resolve) => {
        child.once("exit", (code, signal) => resolve(parseExit(makeExit(code, signal))));
        child.once("error", () => resolve({ kind: "code", code: 127 }));
      });
      return { streams, marks, exit, kill: () => void child.kill("SIGKILL"), close };
    },
    kill: async (name) => {
      const { exit, stderr } = await engine.run(["kill", name]);
      return succeeded(exit) || isOver(stderr) ? undefined : engineWords(stderr) || "the container does not end";
    },
    collect: (name, source, folder) => collectFolder(engine, `${name}:${source}`, folder),
    remove: (name) => removeContainer(engine, name),
    removeVolume: (name) => removeVolume(engine, name),
  };
}

/** Whether an engine refused to kill what does not run any more. */
export function isOver(words: string): boolean {
  return /no such container|is not running|no container with name|can only kill running/i.test(words);
}
