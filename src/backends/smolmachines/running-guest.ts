import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import type { Guest, GuestCommand, GuestProcess, GuestSpec, Listeners } from "../backend.ts";
import { keepUnless } from "../keep-results.ts";
import type { Tool } from "../read-tools.ts";
import { makeArchiveArgs } from "./args.ts";
import { collectFolder } from "./collect.ts";
import type { MachineHolder } from "./control.ts";
import { type LaunchParts, type RunningCommand, startGuestProcess } from "./guest-process.ts";
import type { SmolmachinesSetup } from "./setup.ts";

/** A machine that is up, and what it was made from. */
export type RunningParts = {
  readonly setup: SmolmachinesSetup;
  readonly spec: GuestSpec;
  readonly name: string;
  readonly holder: MachineHolder;
  readonly listeners: Listeners;
  readonly user: string | undefined;
  readonly tools: readonly Tool[];
  /** Says that the machine must stay, whatever happens */
  keep(): void;
};

/** Time for the main process to end everything inside, `ms` */
const QUIET_MS = 600;

/** The guest around a machine that is up. */
export function makeRunningGuest(parts: RunningParts): Guest {
  const { setup, spec, name, holder, listeners, user, keep } = parts;
  const { smolvm } = setup;
  const reader = user === undefined ? undefined : "0:0"; // who may also read what the agent has closed to itself
  const place = {
    what: `the machine ${name}`,
    command: renderFetch(smolvm.command, makeArchiveArgs(name, reader, spec.layout.workspace)),
  };
  const launch = makeLaunchParts(parts);
  const running = new Set<RunningCommand>();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    holder.release();
    const quiet = await Promise.race([holder.exit.then(() => true), sleep(QUIET_MS, false, { ref: false })]);
    for (const { close } of running) close();
    if (!quiet) await endMachine(parts);
    await Promise.all([...running].map((one) => one.process.exit));
  };
  const exec = async (command: GuestCommand): Promise<GuestProcess> => {
    if (stopping !== undefined) throw new BottleError("launch/failed", `the bottle ${spec.slug} is stopped`);
    const one = await startGuestProcess(launch, command);
    running.add(one);
    void one.process.exit.then(() => running.delete(one));
    return one.process;
  };
  return {
    ref: { backend: "smolmachines", slug: spec.slug, detail: `machine ${name}` },
    owner: { uid: setup.uid, gid: setup.gid },
    listeners,
    exec,
    stop: () => {
      stopping ??= stop().catch((error: unknown) => {
        if (spec.workspace.kind === "folder") keep();
        throw error;
      });
      return stopping;
    },
    collect: async () => {
      const { workspace, layout } = spec;
      if (workspace.kind !== "folder") return;
      await keepUnless(
        () => collectFolder(smolvm, { name, user: reader }, layout.workspace, workspace.path),
        keep,
        place,
      );
    },
  };
}

/** What a person types to have the archive of the results; the machine may have ended. */
function renderFetch(command: string, words: readonly string[]): string {
  const name = words[words.indexOf("--name") + 1] ?? "";
  return `${command} machine start --name ${name}; ${[command, ...words].join(" ")} > results.tar`;
}

/** A main process that does not listen is not asked twice. */
async function endMachine({ setup: { smolvm }, spec, name }: RunningParts): Promise<void> {
  const { exit, stderr } = await smolvm.run(["machine", "stop", "--name", name]);
  if (exit.kind === "code" && exit.code === 0) return;
  throw new BottleError("bottle/still-running", `the bottle ${spec.slug} may still run, without a way out: ${stderr}`, {
    hint: "bottle cleanup, or smolvm machine ls",
  });
}

function makeLaunchParts({ setup, spec, name, holder, user, tools }: RunningParts): LaunchParts {
  const { layout } = spec;
  return {
    smolvm: setup.smolvm,
    holder,
    machine: {
      name,
      user,
      path: { before: tools.map(({ path }) => `${path}:`).join(""), after: `:${layout.home}/.local/bin` },
    },
    env: new Map([
      ["HOME", layout.home],
      ["USER", layout.user],
      ["LOGNAME", layout.user],
      ["LANG", "C.UTF-8"],
    ]),
  };
}
