import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import type { Guest, GuestSpec } from "../backend.ts";
import { fillBeside } from "../fill-beside.ts";
import { makeOwnerMark } from "../labels.ts";
import { openLink } from "../link.ts";
import type { Begin } from "../main-process.ts";
import { writeOwnFiles } from "../own-files.ts";
import { readTools } from "../read-tools.ts";
import { sendFolder } from "../send-folder.ts";
import { CONTROL_SOCKET, SOCKET_FOLDER } from "./args.ts";
import { openCanaryListener } from "./canary-listener.ts";
import { type MachineHolder, openControl } from "./control.ts";
import { giveToOwner, makeMachine, requireUser, startMachine } from "./machine.ts";
import { makeRunningGuest } from "./running-guest.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { openStreamMain } from "./stream-main.ts";
import { hasUsers, renderVersion, type Version } from "./version.ts";

const MAIN_DEADLINE_MS = 30_000;

/** Makes a guest: sockets, files, a machine without a network, and all that fills it. */
export async function openGuest(
  setup: SmolmachinesSetup,
  version: Version,
  spec: GuestSpec,
  scope: Scope,
): Promise<Guest> {
  const owner = { uid: setup.uid, gid: setup.gid };
  return fillBeside(spec.fill, owner, (filled) => makeGuest(setup, version, spec, scope, filled()));
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
  refuseOtherOwner(spec, version);
  const link = await openLink(spec.scratch, spec.link ?? [], scope);
  const { connected } = await openControl(link, scope);
  const [program, tools] = await Promise.all([readFile(setup.guestProgram, "utf8"), readTools(spec.tools)]);
  const { workspace, layout } = spec;
  const { uid, gid } = workspace.kind === "mount" ? workspace.owner : layout;
  const user = hasUsers(version) ? `${uid}:${gid}` : undefined;
  const { name, hasSockets, keep } = await makeMachine(
    smolvm,
    spec,
    {
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
    },
    scope,
  );
  await startMachine(smolvm, name);
  if (!hasSockets) await requireUser(smolvm, name, user, uid);
  const holder = hasSockets
    ? await waitForMain(connected)
    : openStreamMain(smolvm, { name, user, program }, link, scope);
  if (uid !== layout.uid) await giveToOwner(smolvm, name, layout, { uid, gid });
  const begin: Begin = {
    fill: [layout.home, ...(workspace.kind === "folder" ? [layout.workspace] : [])],
    ports: link.ports,
    sockets: hasSockets ? { folder: SOCKET_FOLDER, nonce: link.nonce } : undefined,
    foreign: await openCanaryListener(scope),
  };
  holder.begin(begin);
  await filled;
  const sources = [spec.homeFolder, ...(workspace.kind === "folder" ? [workspace.path] : [])];
  for (const [index, source] of sources.entries()) await sendFolder(holder, index, source);
  await requireSealed(holder);
  if (hasSockets) await requireUser(smolvm, name, user, uid);
  return makeRunningGuest({ setup, spec, name, holder, listeners: link.listeners, user, tools, keep });
}

/** A folder keeps its owner inside: before users could be chosen, that is the user of the image. */
function refuseOtherOwner({ workspace, layout }: GuestSpec, version: Version): void {
  if (workspace.kind !== "mount" || workspace.owner.uid === layout.uid || hasUsers(version)) return;
  const { uid } = workspace.owner;
  throw new BottleError(
    "launch/failed",
    `the workspace belongs to the user ${uid}, and everything in a machine of smolvm ${renderVersion(version)} runs as ${layout.uid}`,
    { hint: "update smolvm to 1.14.6 or newer, or copy the workspace: --workspace copy" },
  );
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
