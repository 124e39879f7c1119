import { type Engine, succeeded } from "../../images/engine.ts";

/** What an engine knows of a container that has ended. */
export type ContainerEnd = {
  /** Whether memory ran out in it at any time */
  readonly ranOutOfMemory: boolean;
};

const DEADLINE_MS = 5_000;

/** How a container ended; undefined where that is not known: it still runs, is gone, or no engine answers. */
export async function readContainerEnd(engine: Engine, name: string): Promise<ContainerEnd | undefined> {
  const args = ["container", "inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}}", name];
  const told = await engine.run(args, { timeoutMs: DEADLINE_MS, maxOutputBytes: 64 * 1024 }).catch(() => undefined);
  if (told === undefined || !succeeded(told.exit)) return undefined;
  const [isRunning, ranOutOfMemory] = told.stdout.toString("utf8").trim().split(" ");
  return isRunning === "false" ? { ranOutOfMemory: ranOutOfMemory === "true" } : undefined;
}
