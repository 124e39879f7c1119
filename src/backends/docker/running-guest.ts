import { BottleError } from "../../base/errors.ts";
import { isSettledWithin } from "../../base/is-settled-within.ts";
import { engineWords, succeeded } from "../../images/engine.ts";
import type { Guest, GuestCommand, GuestProcess, GuestSpec, Listeners } from "../backend.ts";
import type { Tool } from "../read-tools.ts";
import { OWN_PROGRAMS } from "./args.ts";
import { collectFolder } from "./collect.ts";
import { type Launcher, type LaunchParts, openLauncher, type RunningCommand } from "./guest-process.ts";
import type { Holder } from "./holder.ts";
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
/** Time that the end of a container may be told after that of a command in it, `ms` */
const TOLD_LATE_MS = 500;

/** A guest, and what is made ready in its container before anything may run there. */
export type RunningGuest = Guest & {
  /** Starts what will become the first command; `exec` waits for it. */
  expectCommand(first: Pick<GuestCommand, "terminal">): void;
};

/** The guest around a container that is up. */
export function makeRunningGuest(parts: RunningParts): RunningGuest {
  const { setup, spec, name, listeners } = parts;
  const { engine } = setup;
  const launch = makeLaunchParts(parts);
  const running = new Set<RunningCommand>();
  let stopping: Promise<void> | undefined;
  let expected: Promise<Launcher> | undefined;
  const takeLauncher = async (terminal: GuestCommand["terminal"]): Promise<Launcher> => {
    const taken = expected;
    expected = undefined; // before anybody waits: it becomes one command only
    const ready = await taken;
    if (ready?.isTerminal === (terminal !== undefined)) return ready;
    ready?.close();
    return openLauncher(launch, terminal);
  };
  const stop = async (): Promise<void> => {
    await endContainer(parts);
    await Promise.all([...running].map((one) => one.process.exit));
    for (const { close } of running) close();
  };
  const exec = async (command: GuestCommand): Promise<GuestProcess> => {
    if (stopping !== undefined) throw new BottleError("launch/failed", `the bottle ${spec.slug} is stopped`);
    const launcher = await takeLauncher(command.terminal);
    const one = await launcher.launch(command);
    running.add(one);
    return one.process;
  };
  return {
    ref: { backend: "docker", slug: spec.slug, detail: `container ${name}` },
    owner: { uid: setup.uid, gid: setup.gid },
    listeners,
    exec,
    expectCommand: ({ terminal }) => {
      expected = openLauncher(launch, terminal);
      expected.catch(() => {}); // told to whoever has a command for it
      void parts.holder.exit.then(async () => (await expected?.catch(() => undefined))?.close());
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    explainKill: () => explainKill(parts),
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

/** Whoever ends the main process ends the container. */
async function explainKill({ holder }: RunningParts): Promise<string | undefined> {
  const ended = await isSettledWithin(holder.exit, TOLD_LATE_MS);
  return ended ? "something inside ended the main process of the bottle, and the bottle with it" : undefined;
}

/** Kills everything inside. The engine is asked, because the main process may be stopped by who it shares its user with. */
async function endContainer({ setup, spec, name, holder }: RunningParts): Promise<void> {
  const { exit, stderr } = await setup.engine.run(["kill", name]);
  holder.release();
  const gone =
    succeeded(exit) || /no such container|is not running|no container with name|can only kill running/i.test(stderr);
  const ended = await isSettledWithin(holder.exit, gone ? STOP_DEADLINE_MS : 1000);
  if (gone && ended) return;
  const words = engineWords(stderr) || "the container does not end";
  throw new BottleError("bottle/still-running", `the bottle ${spec.slug} may still run, without a way out: ${words}`, {
    hint: "when the engine answers again: bottle cleanup",
  });
}
