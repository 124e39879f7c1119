import { type Engine, type EngineRun, engineFailure, mustRun, succeeded } from "./engine.ts";

/** Whether there is a container of exactly this name, running or not. */
export async function containerExists(engine: Engine, name: string): Promise<boolean> {
  const { exit, stdout, stderr } = await engine.run(["container", "inspect", "--format", "{{.Name}}", name]);
  if (!succeeded(exit)) {
    if (/no such container|no container with name/i.test(stderr)) return false;
    throw engineFailure(engine, `whether there is a container ${name}`, stderr);
  }
  // an id's first digits are a name to the engine
  return stdout.toString("utf8").trim().replace(/^\//, "") === name;
}

/** Ends and removes a container and its unnamed volumes; one that is not there is no error. */
export async function removeContainer(engine: Engine, name: string, options?: EngineRun): Promise<void> {
  const { exit, stderr } = await engine.run(["rm", "--force", "--volumes", name], options);
  if (succeeded(exit) || /no such container|no container with name|already in progress/i.test(stderr)) return;
  throw engineFailure(engine, `the container ${name} cannot be removed`, stderr);
}

/** Removes a volume; one that is not there is no error. */
export async function removeVolume(engine: Engine, name: string): Promise<void> {
  const { exit, stderr } = await engine.run(["volume", "rm", "--force", name]);
  if (succeeded(exit) || /no such volume/i.test(stderr)) return;
  throw engineFailure(engine, `the volume ${name} cannot be removed`, stderr);
}

/** Runs a command as root in a container that runs, to prepare it; what it printed. */
export function runAsRoot(engine: Engine, name: string, argv: readonly string[]): Promise<string> {
  const args = ["exec", "--user", "0:0", "--workdir", "/", name, ...argv];
  return mustRun(engine, `${argv[0] ?? "a command"} as root in ${name}`, args);
}
