import { existsSync } from "node:fs";
import { BottleError } from "../../base/errors.ts";
import { templateOf } from "../../images/artifacts.ts";
import { explainWords, succeeded } from "../../images/engine.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { Backend, GuestRef, ProbeCheck } from "../backend.ts";
import { LABELS, makeOwnerMark } from "../labels.ts";
import { collectFolder, START_DEADLINE_MS } from "./collect.ts";
import { openOrFallBack } from "./fall-back.ts";
import { openGuest } from "./guest.ts";
import { removeMachine } from "./machine.ts";
import { findGuests, type Machine, parseMachines } from "./output.ts";
import { prepareArtifact } from "./prepare.ts";
import { askSmolvm, findSmolvm, makeProbe } from "./probe.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { mustRun } from "./smolvm.ts";
import { tellWhile } from "./tell-while.ts";
import { makeTemplate } from "./template.ts";
import { makeTemplateBeside } from "./template-beside.ts";
import { tryMachine } from "./trial.ts";
import { hasUsers, type Version } from "./version.ts";

const ENGINE_DEADLINE_MS = 15_000;

/** The backend of micro-VMs, through the `smolvm` command. */
export function makeSmolmachinesBackend(setup: SmolmachinesSetup): Backend {
  const { smolvm } = setup;
  // one answer serves the probe and the start that follows it
  let asked: Promise<ReturnType<typeof findSmolvm>> | undefined;
  const lookOnce = () => {
    asked ??= askSmolvm(smolvm).then((answers) => findSmolvm(smolvm.command, setup, answers));
    return asked;
  };
  const requireVersion = async (): Promise<Version> => {
    const found = await lookOnce();
    if (found.kind === "none") throw new BottleError("launch/failed", found.check.detail);
    return found.version;
  };
  return {
    name: "smolmachines",
    probe: async (_signal, depth = "quick") => {
      const found = await lookOnce();
      if (found.kind === "none") return makeProbe(found, { kind: "untried" }, NOT_ASKED);
      const [trial, engine] = await Promise.all([
        tryMachine(setup, found.version, depth === "deep"),
        checkEngine(setup),
      ]);
      return makeProbe(found, trial, engine);
    },
    prepare: async (image, watch) => {
      if (image === undefined) throw new BottleError("launch/failed", "nothing says which image the bottle runs in");
      return prepareArtifact(setup, await requireVersion(), image, watch);
    },
    hasten: async ({ image }, { signal, onLine }) => {
      const template = templateOf(image ?? "");
      if (image === undefined || template === undefined) return undefined;
      const version = await requireVersion();
      const isMade = await tellWhile(onLine, (tell) => {
        tell("packing a machine, so that later ones start faster");
        return makeTemplate(setup, version, { archive: image, template }, signal);
      });
      return isMade ? { image: template } : undefined;
    },
    create: async (spec, scope) => {
      const version = await requireVersion();
      const guest = await openOrFallBack(spec, scope, (one, own) => openGuest(setup, version, one, own));
      makeTemplateBeside(setup, version, spec.image, scope);
      return guest;
    },
    list: async () => findGuests(await listMachines(setup), makeOwnerMark(setup.home, setup.uid)),
    remove: async (ref) => removeGuest(setup, hasUsers(await requireVersion()) ? "0:0" : undefined, ref),
  };
}

const NOT_ASKED: ProbeCheck = { name: "engine", outcome: "skipped", detail: "not asked", fix: undefined };

/** Images are built by an engine also when nothing runs in it. */
async function checkEngine({ engine }: SmolmachinesSetup): Promise<ProbeCheck> {
  const name = "engine";
  const failed = (detail: string): ProbeCheck => ({
    name,
    outcome: "failed",
    detail: `images are built with ${engine.command}: ${detail}`,
    fix: explainWords(engine.command, detail) ?? "install Docker or podman (BOTTLE_DOCKER=podman)",
  });
  try {
    const { exit, stdout, stderr } = await engine.run(["version", "--format", "{{.Client.Version}}"], {
      timeoutMs: ENGINE_DEADLINE_MS,
    });
    if (!succeeded(exit)) return failed(stderr.trim().split("\n", 1).join());
    const detail = `${engine.command} ${stdout.toString("utf8").trim()} builds the images`;
    return { name, outcome: "ok", detail, fix: undefined };
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    return failed(error.message);
  }
}

/** The machines of this user. Throws `backend/not-available` where there is no smolvm that lists them. */
async function listMachines(setup: SmolmachinesSetup): Promise<readonly Machine[]> {
  const { smolvm } = setup;
  const answers = await askSmolvm(smolvm);
  const machines = answers && parseMachines(answers.list.stdout.toString("utf8"));
  if (machines !== undefined) return machines;
  const found = findSmolvm(smolvm.command, setup, answers);
  const { detail, fix } = found.kind === "none" ? found.check : { detail: "it lists no machines", fix: undefined };
  throw new BottleError("backend/not-available", detail, fix === undefined ? {} : { hint: fix });
}

/** Ends a guest, fetches its workspace where that is waited for, and removes the machine. */
async function removeGuest(setup: SmolmachinesSetup, user: string | undefined, ref: GuestRef): Promise<void> {
  const { smolvm, home } = setup;
  const mark = makeOwnerMark(home, setup.uid);
  for (const machine of await listMachines(setup)) {
    const { name, labels, state } = machine;
    if (findGuests([machine], mark).every(({ slug }) => slug !== ref.slug)) continue;
    const workspace = labels.get(LABELS.workspace) ?? "";
    // one that was never started has nothing to give back
    if (state !== "created" && workspace.startsWith(`${home}/`) && existsSync(workspace)) {
      if (state !== "running") {
        const what = `the machine ${name} cannot be started to fetch the results`;
        await mustRun(smolvm, what, ["machine", "start", "--name", name], { timeoutMs: START_DEADLINE_MS });
      }
      await collectFolder(smolvm, { name, user }, GUEST_LAYOUT.workspace, workspace);
    }
    await removeMachine(smolvm, name);
  }
}
