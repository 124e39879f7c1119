import { COMMAND_VARIABLE } from "../../launcher.ts";
import { DETACH_KEYS, type ExecParts, makeLauncherArgv } from "../args.ts";
import type { ContainerForm } from "../container-form.ts";

/** What `POST /containers/create` is told for a bottle; pure. `makeRunArgs` says the same to the engine's command. */
export function makeCreateBody(form: ContainerForm): unknown {
  const [entry, ...rest] = form.argv;
  return {
    Image: form.image,
    Hostname: form.hostname,
    User: form.user,
    WorkingDir: "/",
    Entrypoint: [entry],
    Cmd: rest,
    Env: form.emptyVariables.map((name) => `${name}=`),
    Labels: form.labels,
    // Else the engine would start a program of its own before ours, which is half of a start, to set up a network without
    // anything in it. Without one, the runtime makes the namespace, and its loopback, alone. The command has no word for it.
    ...(form.isUnplugged ? { NetworkDisabled: true } : {}),
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true },
    HostConfig: { ...isolation(form), ...limits(form), ...folders(form) },
  };
}

function isolation({ runtime }: ContainerForm) {
  return {
    ...(runtime === undefined ? {} : { Runtime: runtime }),
    ...{ NetworkMode: "none", IpcMode: "private", Init: true, LogConfig: { Type: "none", Config: {} } },
    ...{ CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"], ReadonlyRootfs: true },
  };
}

const NANO = 1e9;

function limits({ pids, memoryBytes, cpus }: ContainerForm) {
  return {
    ...{ PidsLimit: pids, Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }] },
    ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * NANO) }),
  };
}

function folders({ volume, memoryFolders, mounts }: ContainerForm) {
  const labels = Object.fromEntries(volume.labels.map((label) => label.split(/=(.*)/s).slice(0, 2)));
  return {
    Tmpfs: Object.fromEntries(memoryFolders.map(({ target, options }) => [target, options])),
    Mounts: [
      {
        ...{ Type: "volume", Source: volume.name, Target: volume.target },
        ...(volume.labels.length === 0 ? {} : { VolumeOptions: { Labels: labels } }),
      },
      ...mounts.map(({ source, target, readOnly }) => ({
        ...{ Type: "bind", Source: source, Target: target },
        ...(readOnly ? { ReadOnly: true } : {}),
      })),
    ],
  };
}

/** What `POST /containers/NAME/exec` is told for any command; pure. `makeExecArgs` says the same to the command. */
export function makeExecBody(parts: ExecParts): unknown {
  const { user, mark, terminal } = parts;
  return {
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, User: user, WorkingDir: "/" },
    ...(terminal === undefined ? {} : { Tty: true, DetachKeys: DETACH_KEYS }),
    Env: [`${COMMAND_VARIABLE}=${mark}`],
    Cmd: makeLauncherArgv(parts),
  };
}
