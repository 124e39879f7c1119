import { BottleError } from "../../base/errors.ts";
import { engineWords, succeeded } from "../../images/engine.ts";
import type { Guest, GuestCommand, GuestProcess, GuestSpec, Listeners } from "../backend.ts";
import { OWN_PROGRAMS } from "./args.ts";
import { collectFolder } from "./collect.ts";
import { type LaunchParts, type RunningCommand, startGuestProcess } from "./guest-process.ts";
import type { Holder } from "./holder.ts";
import type { Tool } from "./mounts.ts";
import type { DockerSetup } from "./setup.ts";

/** A container that is up, and what it was made from. */
export type RunningParts = {
  readonly setup: DockerSetup;
  readonly spec: GuestSpec;
  readonly name: string;
  readonly holder: Holder;
  readonly listeners: Listeners;
  readonly user: string;
  readonly tools: readonly Tool[];
  /** Whether the image has no Node of its own */
  readonly ownNode: boolean;
};

const STOP_DEADLINE_MS = 10_000;

/** The guest around a container that is up. */
export function makeRunningGuest(parts: RunningParts): Guest {
  const { setup, spec, name, listeners } = parts;
  const { engine } = setup;
  const launch = makeLaunchParts(parts);
  const running = new Set<RunningCommand>();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await endContainer(parts);
    await Promise.all([...running].map((one) => one.process.exit));
    for (const { close } of running) close();
  };
  const exec = async (command: GuestCommand): Promise<GuestProcess> => {
    if (stopping !== undefined) throw new BottleError("launch/failed", `the bottle ${spec.slug} is stopped`);
    const one = await startGuestProcess(launch, command);
    running.add(one);
    return one.process;
  };
  return {
    ref: { backend: "docker", slug: spec.slug, detail: `container ${name}` },
    owner: { uid: setup.uid, gid: setup.gid },
    listeners,
    exec,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    collect: async () => {
      if (spec.workspace.kind === "folder") {
        await collectFolder(engine, `${name}:${spec.layout.workspace}/.`, spec.workspace.path);
      }
    },
  };
}

function makeLaunchParts({ setup, spec, name, holder, user, tools, ownNode }: RunningParts): LaunchParts {
  const { layout } = spec;
  return {
    engine: setup.engine,
    holder,
    scratch: spec.scratch,
    container: {
      name,
      user,
      path: {
        before: tools.map(({ path }) => `${path}:`).join(""),
        after: `${ownNode ? `:${OWN_PROGRAMS}` : ""}:${layout.home}/.local/bin`,
      },
    },
    env: new Map([
      ["HOME", layout.home],
      ["USER", layout.user],
      ["LOGNAME", layout.user],
      ["LANG", "C.UTF-8"],
    ]),
  };
}

/** Kills everything inside. The engine is asked, because the main process may be stopped by who it shares its user with. */
async function endContainer({ setup, spec, name, holder }: RunningParts): Promise<void> {
  const { exit, stderr } = await setup.engine.run(["kill", name]);
  holder.release();
  const gone =
    succeeded(exit) || /no such container|is not running|no container with name|can only kill running/i.test(stderr);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), gone ? STOP_DEADLINE_MS : 1000);
  });
  const ended = await Promise.race([holder.exit, late]);
  clearTimeout(timer);
  if (gone && ended !== "late") return;
  const words = engineWords(stderr) || "the container does not end";
  throw new BottleError("bottle/still-running", `the bottle ${spec.slug} may still run, without a way out: ${words}`, {
    hint: "when the engine answers again: bottle cleanup",
  });
}
