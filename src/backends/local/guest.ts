import { mkdirSync, writeFileSync } from "node:fs";
import { lchown } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import { LINK_PORTS } from "../../plan/link-ports.ts";
import type { Guest, GuestCommand, GuestProcess, GuestSpec } from "../backend.ts";
import { settleBeside } from "../fill-beside.ts";
import { makeBottleArgs } from "./args.ts";
import { closeCgroups, openCgroups } from "./cgroup-folders.ts";
import { planCgroups } from "./cgroups.ts";
import {
  CORE_BYTES,
  type Identity,
  makeHolderChain,
  makeLaunchChain,
  makeListenCommand,
  renderMounts,
} from "./chain.ts";
import { writeEtcFolder } from "./etc-files.ts";
import { LAUNCH_DESCRIPTORS, type RunningCommand, startGuestProcess } from "./guest-process.ts";
import { type Holder, openHolder } from "./holder.ts";
import { openIdentity } from "./identity.ts";
import { HOME_VARIABLE, makeGroupName, SLUG_VARIABLE } from "./labels.ts";
import { closeListeners } from "./listen.ts";
import { type OutputPipes, openOutputPipes } from "./output-pipes.ts";
import { isAlive } from "./proc-table.ts";
import { placeSources, readToolFolders } from "./sources.ts";
import type { Workshop } from "./workshop.ts";

/** Makes a guest: identity, limits, its own files and the holder of its namespaces, around folders that are being filled. */
export async function openGuest(workshop: Workshop, spec: GuestSpec, scope: Scope): Promise<Guest> {
  const identity = await openIdentity(workshop.setup, spec, workshop.mark, scope);
  const failed = new AbortController();
  const stopOther = (error: unknown) => failed.abort(error);
  const made = makeGuest(workshop, spec, identity, scope);
  made.catch(stopOther);
  await setImmediate(); // what fills the folders keeps this process busy: the guest's own processes are started first
  const filled = fillFolders(workshop, spec, identity, failed.signal);
  filled.catch(stopOther);
  return settleBeside(made, filled, failed.signal); // what fails must not leave the other at work behind its back
}

async function makeGuest(workshop: Workshop, spec: GuestSpec, identity: Identity, scope: Scope): Promise<Guest> {
  const { setup, mark, programs, host } = workshop;
  const etc = join(spec.scratch, "etc");
  mkdirSync(spec.scratch, { recursive: true, mode: 0o700 });
  mkdirSync(etc, { mode: 0o755 });
  const work = [readToolFolders(spec.tools), openGroups(workshop, spec, scope)] as const;
  await Promise.allSettled(work); // what fails must not leave another step at work behind its back
  const [tools, groups] = await Promise.all(work);
  const { sources, staged } = placeSources(spec, identity, { etc, nodeFile: host.nodeFile, tools });
  const env = { [SLUG_VARIABLE]: spec.slug };
  const mounts = join(spec.scratch, "mounts");
  if (identity.kind === "dropped") writeFileSync(mounts, renderMounts(staged), { mode: 0o600 });
  const marks = { ...env, [HOME_VARIABLE]: mark };
  const link = [...new Set(spec.link ?? [])];
  const listen = makeListenCommand(
    sources.node,
    link.map((service) => LINK_PORTS[service]),
  );
  const opening = openHolder(makeHolderChain(programs, identity, { mounts, groups, listen }), marks, link);
  opening.catch(() => {}); // told where it is waited for, unless what happens meanwhile fails before
  const endHolder = (one: Holder) => one.close();
  scope.defer("end the holder", () => opening.then(endHolder, () => {}));
  writeEtcFolder(etc, spec.layout, host, spec.files ?? []); // while it starts
  const openOutput = () => openOutputPipes(setup.run, spec.scratch, identity);
  // the first command's pipes are made while the holder starts; a terminal has no use for them
  let spare: Promise<OutputPipes | undefined> = openOutput().catch(() => undefined);
  const takeOutput = async (): Promise<OutputPipes> => {
    const first = spare;
    spare = Promise.resolve(undefined);
    return (await first) ?? (await openOutput());
  };
  scope.defer("close the pipes nobody took", async () => (await spare)?.discard());
  const holder = await opening;
  const running = new Set<RunningCommand>();
  const starting = new Set<Promise<unknown>>();
  let stopped = false;

  const launch = async (command: GuestCommand): Promise<GuestProcess> => {
    if (stopped || !(await isAlive(holder))) {
      throw new BottleError("launch/failed", `the bottle ${spec.slug} has been stopped`);
    }
    const details = {
      holderPid: holder.pid,
      pids: Math.min(spec.limits.pids, workshop.most.pids),
      coreBytes: Math.min(CORE_BYTES, workshop.most.coreBytes),
      terminal: command.terminal !== undefined,
      descriptors: LAUNCH_DESCRIPTORS,
      argv: command.argv,
    };
    const chain = makeLaunchChain(programs, identity, details, groups);
    const args = makeBottleArgs(spec, command, sources, host);
    const parts = { chain, env, args, filter: workshop.filter, owner: identity, openOutput: takeOutput };
    const one = await startGuestProcess(parts, command.terminal);
    running.add(one);
    void one.process.exit.then(() => running.delete(one));
    return one.process;
  };
  const exec = (command: GuestCommand): Promise<GuestProcess> => {
    const one = launch(command);
    const settled = one.catch(() => undefined).finally(() => starting.delete(settled));
    starting.add(settled);
    return one;
  };
  const stop = async () => {
    stopped = true;
    await holder.close();
    await Promise.all(starting);
    await Promise.all([...running].map((one) => one.end()));
  };
  scope.defer("stop the bottle", stop);
  scope.defer("close the link", () => closeListeners(holder.listeners));
  return {
    ref: { backend: "local", slug: spec.slug, detail: `uid ${identity.uid}` },
    owner: { uid: identity.uid, gid: identity.gid },
    listeners: holder.listeners,
    exec,
    stop,
    collect: async () => {}, // the folder inside is the folder outside
  };
}

/** Gives the folders of the guest to its user, before anything of it runs; a mounted folder keeps its owner. */
async function fillFolders(
  { setup }: Workshop,
  spec: GuestSpec,
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  const folders = [spec.homeFolder, ...(spec.workspace.kind === "folder" ? [spec.workspace.path] : [])];
  const { uid, gid } = identity;
  if (spec.fill !== undefined) {
    if (identity.kind === "dropped") for (const folder of folders) await lchown(folder, uid, gid);
    return spec.fill({ uid, gid }, signal);
  }
  if (identity.kind === "self") return;
  const { exit, stderr } = await setup.run(["chown", "-RhP", "--", `${uid}:${gid}`, ...folders], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
  if (exit.kind === "code" && exit.code === 0) return;
  throw new BottleError(
    "launch/failed",
    `the folders of the bottle could not be given to its own user: ${stderr.trim()}`,
  );
}

async function openGroups(workshop: Workshop, spec: GuestSpec, scope: Scope): Promise<readonly string[]> {
  const { heldBy, memoryBytes, cpus } = spec.limits;
  // Processes are held by their own limit on every machine; a group that holds nothing more would only cost time.
  if (heldBy === "nothing" || (memoryBytes === undefined && cpus === undefined)) return [];
  const plans = planCgroups(workshop.cgroups, makeGroupName(workshop.mark, spec.slug), spec.limits);
  if (plans.length === 0) {
    throw new BottleError("launch/failed", "the limits of the bottle were promised, but no control group can be made", {
      ...(workshop.cgroups.kind === "none" ? { hint: workshop.cgroups.why } : {}),
    });
  }
  const folders = plans.map((plan) => plan.folder);
  scope.defer("remove the control groups of the bottle", () => closeCgroups(folders));
  await openCgroups(plans);
  return folders;
}
