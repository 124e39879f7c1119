import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { randomBase36 } from "../../base/ids.ts";
import { isSettledWithin } from "../../base/is-settled-within.ts";
import { Scope } from "../../base/scope.ts";
import { engineWords, explainWords, isEngineGone } from "../../images/engine.ts";
import { takeFreeName } from "../../images/free-name.ts";
import { readImageFacts } from "../../images/image-facts.ts";
import { type ImageId, parseImageId } from "../../images/image-id.ts";
import type { Guest, GuestFile, GuestSpec } from "../backend.ts";
import { fillBeside } from "../fill-beside.ts";
import { makeContainerName, makeOwnerMark } from "../labels.ts";
import { type Link, openLink } from "../link.ts";
import type { Begin } from "../main-process.ts";
import { type OwnFiles, writeOwnFiles } from "../own-files.ts";
import { readTools } from "../read-tools.ts";
import { sendFolder } from "../send-folder.ts";
import type { ContainerCalls, Holder } from "./container-calls.ts";
import { type ContainerParts, HOSTS_FILE, makeContainerForm, OWN_PROGRAMS, SOCKET_FOLDER } from "./container-form.ts";
import { giveVolume, makeVolume } from "./give-volume.ts";
import { makeMounts } from "./mounts.ts";
import { isNameTaken } from "./output.ts";
import { makeRunningGuest } from "./running-guest.ts";
import type { DockerSetup } from "./setup.ts";

/** What was found out about the engine before a container is made. */
export type Surroundings = {
  /** How the engine is spoken to */
  readonly calls: ContainerCalls;
  readonly image: ImageId;
  readonly runtime: string | undefined;
  /** Whether the engine sees the files of this machine */
  readonly mayMount: boolean;
  /** Whether a volume that is made with its container can be found again by its label */
  readonly labelsVolumes: boolean;
};

/** Makes a guest: sockets, files, a container that this process holds, and all that fills it. */
export async function openGuest(
  setup: DockerSetup,
  around: Surroundings,
  spec: GuestSpec,
  scope: Scope,
): Promise<Guest> {
  if (!around.mayMount) refuseFoldersOfThisMachine(spec);
  const owner = { uid: setup.uid, gid: setup.gid };
  return fillBeside(spec.fill, owner, (filled) => makeGuest(setup, around, spec, scope, filled));
}

/** Makes it from the image that is expected, and once more where the builder comes to another. */
async function makeGuest(
  setup: DockerSetup,
  around: Surroundings,
  spec: GuestSpec,
  scope: Scope,
  filled: () => Promise<void>,
): Promise<Guest> {
  const link = await openLink(spec.scratch, spec.link ?? [], scope);
  const { prepare } = spec;
  let built: Promise<ImageId | undefined> | undefined;
  const build = () => {
    built ??=
      prepare === undefined ? Promise.resolve(around.image) : prepare().then(({ image }) => parseImageId(image ?? ""));
    return built;
  };
  const isBuilt = async (image: ImageId) => (await build()) === image;
  const attempt = async (image: ImageId): Promise<Guest | "not-built"> => {
    const own = new Scope();
    scope.defer("remove the container and its volume", () => own.close());
    const parts = { setup, around: { ...around, image }, spec, scope: own, link, filled, isBuilt };
    const made = await makeContainer(parts).catch(async (error: unknown) => {
      if (await isBuilt(image)) throw error;
      return "not-built" as const; // the engine may not even have it any more
    });
    if (made === "not-built") await own.close();
    return made;
  };
  const first = await attempt(around.image);
  const image = first === "not-built" ? await build() : undefined;
  const guest = image === undefined ? first : await attempt(image);
  if (guest === "not-built") throw new BottleError("launch/failed", "the builder gave no image");
  return guest;
}

/** Time that an engine gets to come to the end of what it has begun, `ms` */
const BEGUN_MS = 10_000;

type MakeParts = {
  readonly setup: DockerSetup;
  readonly around: Surroundings;
  readonly spec: GuestSpec;
  readonly scope: Scope;
  readonly link: Link;
  readonly filled: () => Promise<void>;
  readonly isBuilt: (image: ImageId) => Promise<boolean>;
};

async function makeContainer(made: MakeParts): Promise<Guest | "not-built"> {
  const { setup, around, spec, scope, link } = made;
  const { calls, image, runtime, mayMount, labelsVolumes } = around;
  const { engine, cacheFolder, nodePath } = setup;
  const [facts, program, tools] = await Promise.all([
    readImageFacts(engine, image, { cacheFolder, nodePath, nodeTarget: `${OWN_PROGRAMS}/node`, mayMount }),
    readFile(setup.guestProgram, "utf8"),
    readTools(spec.tools),
  ]);
  const { uid, gid } = spec.workspace.kind === "mount" ? spec.workspace.owner : spec.layout;
  const named = facts.user && uid === spec.layout.uid;
  const withHosts = { ...spec, files: [...(spec.files ?? []), renderHosts(spec)] };
  const files = writeOwnFiles(withHosts, named ? undefined : { uid, gid }, mayMount);
  const base = makeContainerName(spec.slug);
  const ownNode = facts.node === "ours";
  const parts: Omit<ContainerParts, "name"> = {
    volume: `${base}-${randomBase36(8)}`,
    mark: makeOwnerMark(setup.home, setup.uid),
    image,
    user: `${uid}:${gid}`,
    runtime,
    mounts: mayMount
      ? makeMounts({ spec, files, tools, sockets: link.folder, nodePath: ownNode ? nodePath : undefined })
      : [],
    labelsVolumes,
    ownFolders: files.folders.map(({ target }) => target),
    node: ownNode ? `${OWN_PROGRAMS}/node` : "node",
    program,
  };
  let isKept = false;
  const keep = () => {
    isKept = true;
  };
  scope.defer(`remove the volume ${parts.volume}`, async () => {
    if (!isKept) await unlessGone(calls.removeVolume(parts.volume));
  });
  const isOwned = facts.home && uid === spec.layout.uid;
  if (!labelsVolumes || !isOwned) await makeVolume(engine, spec, parts);
  if (!isOwned) await giveVolume(engine, spec, parts);
  const sources = fillSources(spec, files);
  const begin: Begin = {
    fill: sources.map(({ target }) => target),
    ports: link.ports,
    sockets: mayMount && setup.link !== "streams" ? { folder: SOCKET_FOLDER, nonce: link.nonce } : undefined,
  };
  const { taken } = await takeFreeName(base, async (name) => {
    const holder = calls.hold(makeContainerForm(spec, { ...parts, name }), link);
    const state = { taken: false };
    scope.defer(`remove the container ${name}`, async () => {
      holder.release();
      await isSettledWithin(holder.up, BEGUN_MS); // one that is still being made could not be found, and would stay
      if (!state.taken && !isKept) await unlessGone(calls.remove(name));
      await holder.exit;
    });
    const { listeners } = link;
    const inside = { listeners, user: parts.user, tools, ownNode };
    const guest = makeRunningGuest({ setup, calls, spec, name, holder, keep, ...inside });
    const { first } = spec;
    // only then: under a name that is taken stands a container of somebody else
    if (first !== undefined) void holder.up.then((isUp) => isUp && guest.expectCommand(first));
    const filled = await fillContainer(made, holder, begin, sources);
    state.taken = filled === "taken";
    return filled === "ours" ? guest : filled;
  });
  return taken;
}

/** Names of a container without any network but its loopback; the engine's own file would name no more. */
function renderHosts({ layout }: GuestSpec): GuestFile {
  return { path: HOSTS_FILE, content: `127.0.0.1 localhost ${layout.hostname}\n::1 localhost\n` };
}

/** Without an engine nothing can be removed; whoever stopped the guest was told, and the next clean-up finds it. */
async function unlessGone(removal: Promise<void>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!isEngineGone(error)) throw error;
  });
}

type FillSource = { readonly source: string; readonly within?: readonly string[]; readonly target: string };

function fillSources({ layout, homeFolder, workspace }: GuestSpec, { folders }: OwnFiles): readonly FillSource[] {
  const { home } = layout;
  if (workspace.kind !== "folder") return [{ source: homeFolder, target: home }, ...folders];
  if (layout.workspace !== join(home, basename(workspace.path))) throw new Error("a workspace of another name");
  return [{ source: homeFolder, within: [workspace.path], target: home }, ...folders];
}

/** Tells the container what it is and sends what belongs into it. Throws when it does not come up. */
async function fillContainer(
  { setup: { engine }, around: { image }, filled, isBuilt }: MakeParts,
  holder: Holder,
  begin: Begin,
  sources: readonly FillSource[],
): Promise<"taken" | "ours" | "not-built"> {
  holder.begin(begin);
  const allowed = Promise.all([isBuilt(image), filled()]).then(([yes]) => yes);
  if ((await Promise.race([allowed, holder.exit])) === false) return "not-built";
  const sending = (async () => {
    await allowed;
    for (const [index, { source, within }] of sources.entries()) await sendFolder(holder, index, source, within);
  })();
  const ready = await Promise.race([holder.ready, sending.then(() => holder.ready)]);
  if (ready.kind === "ready") return "ours";
  await Promise.allSettled([sending]);
  if (ready.by === "engine") {
    const { words } = ready;
    if (isNameTaken(words)) return "taken";
    throw new BottleError(
      "launch/failed",
      `the container was not started: ${engineWords(words) || "its main process ended"}`,
      {
        hint: explainWords(engine.command, engineWords(words)) ?? "`bottle doctor` checks the engine",
      },
    );
  }
  throw new BottleError("launch/failed", `the container is not what a bottle must be: ${ready.words}`, {
    hint: "nothing was started in it; `bottle doctor` checks the engine",
  });
}

/** An engine elsewhere has neither the folder nor its changes. */
function refuseFoldersOfThisMachine(spec: GuestSpec): void {
  const what =
    spec.workspace.kind === "mount" ? "the workspace" : spec.tools.length > 0 ? "`tools` of config.yaml" : undefined;
  if (what === undefined) return;
  throw new BottleError("launch/failed", `${what} cannot be mounted: the engine does not run on this machine`, {
    hint: "copy the workspace instead (workspace.mode: copy), and install tools in the image",
  });
}
