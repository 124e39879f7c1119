import { COMMAND_VARIABLE, LAUNCHER } from "../launcher.ts";
import type { BindMount, ContainerForm } from "./container-form.ts";

/** The words of `docker run` for a bottle; pure. `makeCreateBody` says the same to the engine itself. */
export function makeRunArgs(form: ContainerForm): readonly string[] {
  const [entry, ...rest] = form.argv;
  return [
    ...["run", "--interactive", "--pull", "never", "--name", form.name, "--hostname", form.hostname],
    ...Object.entries(form.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...isolation(form),
    ...limits(form),
    ...folders(form),
    ...form.emptyVariables.flatMap((name) => ["--env", `${name}=`]),
    ...["--workdir", "/", "--entrypoint", entry, form.image, ...rest],
  ];
}

function isolation({ user, runtime }: ContainerForm): readonly string[] {
  return [
    ...(runtime === undefined ? [] : ["--runtime", runtime]),
    ...["--network", "none", "--ipc", "private", "--init", "--log-driver", "none", "--user", user],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
  ];
}

function limits({ pids, memoryBytes, cpus }: ContainerForm): readonly string[] {
  return [
    ...["--pids-limit", String(pids), "--ulimit", "core=0:0"],
    ...(memoryBytes === undefined ? [] : ["--memory", String(memoryBytes), "--memory-swap", String(memoryBytes)]),
    ...(cpus === undefined ? [] : ["--cpus", String(cpus)]),
  ];
}

function folders({ volume, memoryFolders, mounts }: ContainerForm): readonly string[] {
  const labels = volume.labels.map((label) => `volume-label=${label}`);
  return [
    ...["--mount", ["type=volume", `source=${volume.name}`, `target=${volume.target}`, ...labels].join(",")],
    ...memoryFolders.flatMap(({ target, options }) => ["--tmpfs", `${target}:${options}`]),
    ...mounts.flatMap((mount) => ["--mount", renderMount(mount)]),
  ];
}

/** The value is one line of CSV to the engine: a part with a comma or a quote must be quoted. */
function renderMount({ source, target, readOnly }: BindMount): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** How a command is started in a container that runs. */
export type ExecParts = {
  readonly name: string;
  readonly user: string;
  /** Mark of everything the command starts */
  readonly mark: string;
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
  /** Folders that come before and after the image's own on the PATH */
  readonly path: { readonly before: string; readonly after: string };
};

/** Bytes that nobody types: the engine's own two, Ctrl-P and Ctrl-Q, would be taken from every program inside. */
export const DETACH_KEYS = "ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^";

/** The words of `docker exec` for any command: which one, and its variables, the launcher is told on its input; pure. */
export function makeExecArgs(parts: ExecParts): readonly string[] {
  const { name, user, mark, terminal } = parts;
  return [
    ...["exec", "--interactive", "--user", user, "--workdir", "/"],
    ...(terminal === undefined ? [] : ["--tty", "--detach-keys", DETACH_KEYS]),
    ...["--env", `${COMMAND_VARIABLE}=${mark}`],
    ...[name, ...makeLauncherArgv(parts)],
  ];
}

/** The launcher and what it is told by its arguments; pure. */
export function makeLauncherArgv({ mark, terminal, path }: ExecParts): readonly string[] {
  const size = [String(terminal?.columns ?? 0), String(terminal?.rows ?? 0)];
  return ["sh", "-c", LAUNCHER, "bottle", mark, path.before, path.after, ...size];
}
