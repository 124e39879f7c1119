import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import { takeFreeName } from "../../images/free-name.ts";
import type { Guest, GuestSpec } from "../backend.ts";
import { fillBeside } from "../fill-beside.ts";
import { makeOwnerMark } from "../labels.ts";
import { openLink } from "../link.ts";
import type { Begin } from "../main-process.ts";
import { writeOwnFiles } from "../own-files.ts";
import { readTools } from "../read-tools.ts";
import { sendFolder } from "../send-folder.ts";
import { CONTROL_SOCKET, type MachineParts, makeCreateArgs, makeDeleteArgs, SOCKET_FOLDER } from "./args.ts";
import { START_DEADLINE_MS } from "./collect.ts";
import { type MachineHolder, openControl } from "./control.ts";
import { isNameTaken, isStillBusy, isUnknown } from "./output.ts";
import { makeRunningGuest } from "./running-guest.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { errorWords, type Smolvm, smolvmFailure } from "./smolvm.ts";
import { hasUsers, type Version } from "./version.ts";

const MAIN_DEADLINE_MS = 30_000;
const EXEC_DEADLINE_MS = 30_000;
const EXEC_TIMEOUT = "10s";
const BUSY_TRIES = 10;
const BUSY_PAUSE_MS = 500;

/** Makes a guest: sockets, files, a machine without a network, and all that fills it. */
export async function openGuest(
  setup: SmolmachinesSetup,
  version: Version,
  spec: GuestSpec,
  scope: Scope,
): Promise<Guest> {
  const owner = { uid: setup.uid, gid: setup.gid };
  return fillBeside(spec.fill, owner, (filled) => makeGuest(setup, version, spec, scope, filled));
}

async function makeGuest(
  setup: SmolmachinesSetup,
  version: Version,
  spec: GuestSpec,
  scope: Scope,
  filled: Promise<void>,
): Promise<Guest> {
  const { smolvm } = setup;
  const artifact = spec.image;
  if (artifact === undefined) throw new BottleError("launch/failed", "nothing says what the machine is made from");
  refuseOtherOwner(spec);
  const link = await openLink(spec.scratch, spec.link ?? [], scope);
  const { connected } = await openControl(link, scope);
  const [program, tools] = await Promise.all([readFile(setup.guestProgram, "utf8"), readTools(spec.tools)]);
  const user = hasUsers(version) ? `${spec.layout.uid}:${spec.layout.gid}` : undefined;
  const { workspace, layout } = spec;
  const parts: Omit<MachineParts, "name"> = {
    artifact,
    mark: makeOwnerMark(setup.home, setup.uid),
    user,
    sockets: { folder: link.folder, names: ["probe", CONTROL_SOCKET, ...link.ports.map(String)] },
    folders: [
      ...writeOwnFiles(spec, undefined, false).folders.map((place) => ({ ...place, readOnly: true })),
      ...tools.map(({ source, target }) => ({ source, target, readOnly: true })),
      ...(workspace.kind === "mount" ? [{ source: workspace.path, target: layout.workspace, readOnly: false }] : []),
    ],
    program,
  };
  const { name } = await takeFreeName(`bb-${spec.slug}`, async (candidate) => {
    const made = await smolvm.run(makeCreateArgs(spec, { ...parts, name: candidate }));
    if (made.exit.kind === "code" && made.exit.code === 0) {
      scope.defer(`remove the machine ${candidate}`, () => removeMachine(smolvm, candidate));
      return candidate;
    }
    if (isNameTaken(errorWords(made.stderr))) return "taken";
    throw smolvmFailure("the machine cannot be made", made.stderr);
  });
  await startMachine(smolvm, name);
  const holder = await waitForMain(connected);
  const begin: Begin = {
    fill: [layout.home, ...(workspace.kind === "folder" ? [layout.workspace] : [])],
    ports: link.ports,
    sockets: { folder: SOCKET_FOLDER, nonce: link.nonce },
  };
  holder.begin(begin);
  await filled;
  const sources = [spec.homeFolder, ...(workspace.kind === "folder" ? [workspace.path] : [])];
  for (const [index, source] of sources.entries()) await sendFolder(holder, index, source);
  await requireSealed(holder);
  await requireUser(smolvm, name, user, layout.uid);
  return makeRunningGuest({ setup, spec, name, holder, listeners: link.listeners, user, tools });
}

/** Ends and removes a machine; one that is not there is no error. */
export async function removeMachine(smolvm: Smolvm, name: string): Promise<void> {
  const { exit, stderr } = await smolvm.run(makeDeleteArgs(name));
  if ((exit.kind === "code" && exit.code === 0) || isUnknown(errorWords(stderr))) return;
  throw smolvmFailure(`the machine ${name} cannot be removed`, stderr);
}

/** A folder keeps its owner inside, and everything inside is the user 1000. */
function refuseOtherOwner({ workspace, layout }: GuestSpec): void {
  if (workspace.kind !== "mount" || workspace.owner.uid === layout.uid) return;
  throw new BottleError(
    "launch/failed",
    `the workspace belongs to the user ${workspace.owner.uid}, and a machine runs as ${layout.uid}`,
    { hint: "copy it instead: --workspace copy" },
  );
}

/** A port of a machine that has just ended is free a little later. */
async function startMachine(smolvm: Smolvm, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { exit, stderr } = await smolvm.run(["machine", "start", "--name", name], { timeoutMs: START_DEADLINE_MS });
    if (exit.kind === "code" && exit.code === 0) return;
    if (!isStillBusy(errorWords(stderr)) || tries === BUSY_TRIES) {
      throw smolvmFailure("the machine does not start", stderr);
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

async function waitForMain(connected: Promise<MachineHolder>): Promise<MachineHolder> {
  const stopped = new AbortController();
  const late = sleep(MAIN_DEADLINE_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
  const holder = await Promise.race([connected, late]);
  stopped.abort();
  if (holder !== undefined) return holder;
  throw new BottleError("launch/failed", "the main process of the machine does not come to its socket", {
    hint: "its image must have Node; `bottle doctor` checks smolvm",
  });
}

/** Everything is in its place, the ports answer, and nothing else does: the main process has looked. */
async function requireSealed(holder: MachineHolder): Promise<void> {
  const ready = await holder.ready;
  if (ready.kind === "ready") return;
  const words = ready.words || "its main process ended";
  throw new BottleError("launch/failed", `the machine is not what a bottle must be: ${words}`, {
    hint: "nothing was started in it; `bottle doctor` checks smolvm",
  });
}

/** Waits until commands can be run, and makes sure that they run as nobody else. */
async function requireUser(smolvm: Smolvm, name: string, user: string | undefined, uid: number): Promise<void> {
  const args = ["machine", "exec", "--name", name, "--timeout", EXEC_TIMEOUT];
  const deadline = performance.now() + EXEC_DEADLINE_MS;
  for (let pause = 20; ; pause *= 2) {
    const { exit, stdout, stderr } = await smolvm.run([
      ...[...args, ...(user === undefined ? [] : ["--user", user]), "--", "id", "-u"],
    ]);
    const said = stdout.toString("utf8").trim();
    if (exit.kind === "code" && exit.code === 0) {
      if (said === String(uid)) return;
      throw new BottleError("launch/failed", `commands in the machine would run as user ${said}, not ${uid}`, {
        hint: "write USER node in the Dockerfile, or update smolvm to 1.14.6 or newer",
      });
    }
    if (performance.now() > deadline) throw smolvmFailure("no command can be run in the machine", stderr);
    await sleep(pause);
  }
}
