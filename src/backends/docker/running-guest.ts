import { BottleError } from "../../base/errors.ts";
import { isSettledWithin } from "../../base/is-settled-within.ts";
import { explainWords, saysEngineGone } from "../../images/engine.ts";
import type { Guest, GuestCommand, GuestProcess, GuestSpec, Listeners } from "../backend.ts";
import { keepUnless } from "../keep-results.ts";
import type { Tool } from "../read-tools.ts";
import type { ContainerCalls, Holder } from "./container-calls.ts";
import { type ContainerEnd, readContainerEnd } from "./container-end.ts";
import { OWN_PROGRAMS } from "./container-form.ts";
import { type Launcher, type LaunchParts, openLauncher, type RunningCommand } from "./guest-process.ts";
import { endedForMemory, explainMemory, type Ran } from "./out-of-memory.ts";
import type { DockerSetup } from "./setup.ts";

/** A container that is up, and what it was made from. */
export type RunningParts = {
  readonly setup: DockerSetup;
  readonly calls: ContainerCalls;
  readonly spec: GuestSpec;
  readonly name: string;
  readonly holder: Holder;
  readonly listeners: Listeners;
  readonly user: string;
  readonly tools: readonly Tool[];
  /** Whether the image has no Node of its own */
  readonly ownNode: boolean;
  /** Says that the container must stay, whatever happens */
  keep(): void;
};

const STOP_DEADLINE_MS = 10_000;
const AFTERWARDS = "when the engine answers again, `bottle cleanup` ends the bottle and fetches what the agent made";
/** Time that the end of a container may be told after that of a command in it, `ms` */
const TOLD_LATE_MS = 500;

/** A guest, and what is made ready in its container before anything may run there. */
export type RunningGuest = Guest & {
  /** Starts what will become the first command; `exec` waits for it. */
  expectCommand(first: Pick<GuestCommand, "terminal">): void;
};

/** The guest around a container that is up. */
export function makeRunningGuest(parts: RunningParts): RunningGuest {
  const { setup, calls, spec, name, listeners, keep } = parts;
  const hasResults = spec.workspace.kind === "folder";
  const command = `${setup.engine.command} cp ${name}:${spec.layout.workspace} FOLDER`;
  const place = { what: `the container ${name}`, command };
  const launch = makeLaunchParts(parts);
  const running = new Set<RunningCommand>();
  let stopping: Promise<void> | undefined;
  let last: Ran | undefined;
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
    const began = performance.now();
    const one = await launcher.launch(command);
    running.add(one);
    void one.process.exit.then(() => {
      last = { began, ended: performance.now() };
    });
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
      stopping ??= stop().catch((error: unknown) => {
        if (hasResults) keep();
        throw error;
      });
      return stopping;
    },
    explainKill: async () => last && explainKill(parts, last),
    collect: async () => {
      const { workspace, layout } = spec;
      if (workspace.kind !== "folder") return;
      await keepUnless(() => calls.collect(name, `${layout.workspace}/.`, workspace.path), keep, place);
    },
  };
}

function makeLaunchParts({ setup, calls, spec, name, holder, user, tools, ownNode }: RunningParts): LaunchParts {
  const { layout } = spec;
  return {
    engine: setup.engine,
    calls,
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

/** Memory that ran out ends a command or the whole container; else, whoever ends the main process ends the container. */
async function explainKill(parts: RunningParts, last: Ran): Promise<string | undefined> {
  const { setup, spec, name, holder } = parts;
  const isOver = await isSettledWithin(holder.exit, TOLD_LATE_MS);
  const memory = explainMemory(spec.limits.memoryBytes);
  if (endedForMemory(last, holder.memoryKillAt())) return memory;
  const end = isOver ? await readContainerEnd(setup.engine, name) : undefined;
  return end && explainEnd(end, memory, holder.memoryKillAt() !== undefined);
}

/** The engine only knows that memory ran out some time: where that was told long before, the end may have another reason. */
function explainEnd({ ranOutOfMemory }: ContainerEnd, memory: string, wasTold: boolean): string {
  if (ranOutOfMemory && !wasTold) return memory;
  const other = "something inside ended the main process of the bottle, and the bottle with it";
  return ranOutOfMemory ? `${other}, or ${memory}` : other;
}

/** Kills everything inside. The engine is asked, because the main process may be stopped by who it shares its user with. */
async function endContainer({ setup, calls, spec, name, holder }: RunningParts): Promise<void> {
  const words = await calls.kill(name);
  holder.release();
  const ended = await isSettledWithin(holder.exit, words === undefined ? STOP_DEADLINE_MS : 1000);
  if (words === undefined && ended) return;
  const why = words ?? "the container does not end";
  const still = `the bottle ${spec.slug} may still run, without a way out`;
  const start = saysEngineGone(why) ? explainWords(setup.engine.command, why) : undefined;
  if (start === undefined) throw new BottleError("bottle/still-running", `${still}: ${why}`, { hint: AFTERWARDS });
  throw new BottleError("bottle/still-running", `the engine went away, and ${still}: ${why}`, {
    hint: `${start}; ${AFTERWARDS}`,
  });
}
