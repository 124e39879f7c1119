import { existsSync } from "node:fs";
import { BottleError } from "../../base/errors.ts";
import { parseSlug } from "../../base/ids.ts";
import { buildImage } from "../../images/build-image.ts";
import { removeContainer, removeVolume } from "../../images/containers.ts";
import { type Engine, mustRun } from "../../images/engine.ts";
import { parseImageId } from "../../images/image-id.ts";
import type { Backend, GuestRef, Probe } from "../backend.ts";
import { LABELS, makeOwnerMark } from "../labels.ts";
import { makeCallsByCommand } from "./calls-by-command.ts";
import { collectFolder } from "./collect.ts";
import type { ContainerCalls } from "./container-calls.ts";
import { recallImage, rememberImage } from "./expected-image.ts";
import { openGuest } from "./guest.ts";
import { type EngineFacts, labelTemplate, parseGuests } from "./output.ts";
import { findEngine, type InfoOutcome, makeProbe } from "./probe.ts";
import type { DockerSetup } from "./setup.ts";
import { askSocket, type Told } from "./socket/ask-socket.ts";
import { makeCallsBySocket } from "./socket/calls-by-socket.ts";
import { openEngineSocket } from "./socket/engine-socket.ts";
import { standInForMounts } from "./stand-in.ts";
import { SANDBOX_RUNTIME, tryRuntime } from "./trial.ts";

const INFO_DEADLINE_MS = 15_000;

/** The backend of containers: any engine behind a command that speaks Docker's language. */
export function makeDockerBackend(setup: DockerSetup): Backend {
  const { engine } = setup;
  // one answer serves the probe and the start that follows it
  let found: ReturnType<typeof lookAtEngine> | undefined;
  const lookOnce = () => {
    found ??= lookAtEngine(setup);
    return found;
  };
  const runtimeFor = (facts: EngineFacts, anew: boolean) => tryRuntime(engine, facts, { ...setup, anew });
  return {
    name: "docker",
    probe: async (_signal, depth = "quick"): Promise<Probe> => {
      const { outcome } = await lookOnce();
      if (outcome.kind === "engine") {
        return makeProbe(engine.command, outcome.facts, await runtimeFor(outcome.facts, depth === "deep"));
      }
      const { check } = outcome;
      const limits = { heldBy: "nothing", why: check.detail } as const;
      return { backend: "docker", usable: false, strength: undefined, limits, checks: [check] };
    },
    prepare: async (image, watch) => {
      if (image === undefined) throw new BottleError("launch/failed", "nothing says which image the bottle runs in");
      const id = await buildImage(engine, image, watch, await recallImage(setup.cacheFolder, image));
      await rememberImage(setup.cacheFolder, image, id);
      return { image: id };
    },
    expect: async (image) => {
      const id = await recallImage(setup.cacheFolder, image);
      return id && { image: id };
    },
    create: async (spec, scope) => {
      const { outcome, told } = await lookOnce();
      const image = parseImageId(spec.image ?? "");
      if (outcome.kind !== "engine" || image === undefined) {
        throw new BottleError("launch/failed", "there is no engine, or no image, to make the bottle from");
      }
      const trial = await runtimeFor(outcome.facts, false);
      const runtime = trial.kind === "works" ? SANDBOX_RUNTIME : undefined;
      const mayMount = seesThisMachine(setup, outcome.facts);
      const calls = chooseCalls(setup, outcome.facts, told);
      return openGuest(setup, { calls, image, runtime, mayMount, labelsVolumes: !outcome.facts.isPodman }, spec, scope);
    },
    list: async () => listGuests(setup),
    remove: (ref) => removeGuest(setup, ref),
  };
}

/** An engine in a virtual machine, or elsewhere, has another name; that its sockets are ours is found out by a nonce. */
function seesThisMachine({ machine, platform, link }: DockerSetup, facts: EngineFacts): boolean {
  return platform === "linux" && link !== "remote" && facts.machine === machine && facts.system !== "Docker Desktop";
}

/** At the socket, where it is one of this machine and leads to an engine on it; else by the command. */
function chooseCalls(
  { engine, platform, calls }: DockerSetup,
  { isPodman, system }: EngineFacts,
  told: Told | undefined,
): ContainerCalls {
  const mayAsk = platform === "linux" && calls !== "command" && !isPodman && system !== "Docker Desktop";
  return mayAsk && told?.version !== undefined
    ? makeCallsBySocket(openEngineSocket(told.path, told.version))
    : makeCallsByCommand(engine);
}

type Look = { readonly outcome: ReturnType<typeof findEngine>; readonly told: Told | undefined };

/** The engine as it says itself where it can be asked, else as its command says. */
async function lookAtEngine(setup: DockerSetup): Promise<Look> {
  const { engine, platform } = setup;
  const told = await askSocket(engine).catch(() => undefined);
  const info = told === undefined ? await readInfo(engine) : { exit: DONE, stdout: told.info, stderr: "" };
  return { outcome: findEngine(engine.command, platform, info), told };
}

const DONE = { kind: "code", code: 0 } as const;

async function readInfo(engine: Engine): Promise<InfoOutcome> {
  try {
    const { exit, stdout, stderr } = await engine.run(["info", "--format", "{{json .}}"], {
      timeoutMs: INFO_DEADLINE_MS,
    });
    return { exit, stdout: stdout.toString("utf8"), stderr };
  } catch (error) {
    if (error instanceof BottleError && error.code === "process/not-found") return undefined;
    if (!(error instanceof BottleError)) throw error;
    return { exit: { kind: "code", code: 1 }, stdout: "", stderr: error.message };
  }
}

const OF_THIS_HOME = (setup: DockerSetup) => [
  "--filter",
  `label=${LABELS.home}=${makeOwnerMark(setup.home, setup.uid)}`,
];

/** Guests of this home that run or have left something. Throws `backend/not-available` where there is no engine to ask. */
async function listGuests(setup: DockerSetup): Promise<readonly GuestRef[]> {
  const { engine } = setup;
  const { outcome: found } = await lookAtEngine(setup);
  if (found.kind === "none") {
    const { detail, fix } = found.check;
    throw new BottleError("backend/not-available", detail, fix === undefined ? {} : { hint: fix });
  }
  const slug = labelTemplate(LABELS.slug, found.facts);
  const [containers, volumes] = await Promise.all([
    mustRun(engine, "containers cannot be listed", [
      "ps",
      "--all",
      ...OF_THIS_HOME(setup),
      "--format",
      `${slug}\t{{.Names}}`,
    ]),
    mustRun(engine, "volumes cannot be listed", [
      "volume",
      "ls",
      ...OF_THIS_HOME(setup),
      "--format",
      `${slug}\t{{.Name}}`,
    ]),
  ]);
  const guests = new Map<string, GuestRef>();
  for (const ref of [...parseGuests(containers, "container"), ...parseGuests(volumes, "volume")]) {
    if (!guests.has(ref.slug)) guests.set(ref.slug, ref);
  }
  return [...guests.values()];
}

/** Ends a guest, saves its workspace where that is waited for, and removes what is left. */
async function removeGuest(setup: DockerSetup, ref: GuestRef): Promise<void> {
  const { engine } = setup;
  if (parseSlug(ref.slug) === undefined) return;
  const which = [...OF_THIS_HOME(setup), "--filter", `label=${LABELS.slug}=${ref.slug}`];
  const { outcome: found } = await lookAtEngine(setup);
  const isPodman = found.kind === "engine" && found.facts.isPodman;
  const format = `{{.Names}}\t${labelTemplate(LABELS.workspace, { isPodman })}`;
  const lines = await mustRun(engine, "containers cannot be listed", ["ps", "--all", ...which, "--format", format]);
  for (const line of lines.split("\n").filter((one) => one !== "")) {
    const [name = "", workspace = ""] = line.split("\t");
    await engine.run(["kill", name]);
    if (workspace.startsWith(`${setup.home}/`) && existsSync(workspace)) {
      await standInForMounts(engine, name, setup.home);
      await collectFolder(engine, `${name}:/home/node/workspace/.`, workspace);
    }
    await removeContainer(engine, name);
  }
  const volumes = await mustRun(engine, "volumes cannot be listed", ["volume", "ls", "--quiet", ...which]);
  for (const volume of volumes.split("\n").filter((one) => one !== "")) await removeVolume(engine, volume);
}
