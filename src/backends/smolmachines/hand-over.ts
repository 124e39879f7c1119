import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { randomBase36 } from "../../base/ids.ts";
import { Scope } from "../../base/scope.ts";
import { isThere } from "../../images/artifacts.ts";
import { type ImageId, shortImageId } from "../../images/image-id.ts";
import { openRegistry } from "../../images/registry/open-registry.ts";
import { pushToRegistry } from "../../images/registry/push-registry.ts";
import { readSavedImage, type SavedImage } from "../../images/registry/saved-image.ts";
import { requireRoomFor, saveImage } from "../../images/save-image.ts";
import type { HandOver } from "../../plan/hand-over.ts";
import { LABELS, makeOwnerMark } from "../labels.ts";
import { makePack } from "./pack.ts";
import type { SmolmachinesSetup } from "./setup.ts";

/** An image of the engine: its name, which some engines keep nowhere else, and its content. */
export type NamedImage = { readonly name: string; readonly id: ImageId };

/** Time and tongue of a hand-over. */
export type HandOverWatch = {
  readonly signal: AbortSignal | undefined;
  /** Says what begins */
  readonly tell: (what: string) => void;
};

/** Saves an image as an archive, from which every supported smolvm makes machines. */
export async function saveArchive(
  { engine }: SmolmachinesSetup,
  image: NamedImage,
  path: string,
  { signal, tell }: HandOverWatch,
): Promise<void> {
  const partial = `${path}.partial`;
  await rm(partial, { force: true }); // of one that was killed
  await requireRoomFor(engine, image.id, dirname(path));
  tell(`saving ${image.name} for machines`);
  try {
    await saveImage(engine, image, partial, signal);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Packs an image out of a registry that is there for no longer than this; nothing of it stays, whatever happens. */
export async function packImage(
  setup: SmolmachinesSetup,
  image: NamedImage,
  how: Exclude<HandOver, { readonly kind: "archive" }>,
  paths: { readonly pack: string; readonly archive: string },
  watch: HandOverWatch,
): Promise<void> {
  const scope = new Scope();
  try {
    const { reference, failure } =
      how.kind === "push"
        ? await push(setup, image, how.image, watch, scope)
        : await serve(setup, image, paths, watch, scope);
    watch.tell(`packing ${image.name} for machines`);
    await makePack(setup.smolvm, { kind: "image", reference }, paths.pack, watch.signal);
    const wrong = failure();
    if (wrong === undefined) return;
    await rm(paths.pack, { force: true });
    throw new BottleError("image/hand-over-failed", `the image was not handed over whole: ${wrong}`, {
      hint: "start it again, which saves it anew",
    });
  } finally {
    await scope.close();
  }
}

type Served = { readonly reference: string; readonly failure: () => string | undefined };

async function push(
  { engine, home, uid }: SmolmachinesSetup,
  { name, id }: NamedImage,
  registry: string,
  { signal, tell }: HandOverWatch,
  scope: Scope,
): Promise<Served> {
  tell(`pushing ${name} for machines`);
  const labels = [`${LABELS.slug}=registry-${randomBase36(5)}`, `${LABELS.home}=${makeOwnerMark(home, uid)}`];
  const reference = await pushToRegistry(engine, { image: registry, labels }, id, signal, scope);
  return { reference, failure: () => undefined };
}

async function serve(
  setup: SmolmachinesSetup,
  image: NamedImage,
  paths: { readonly pack: string; readonly archive: string },
  watch: HandOverWatch,
  scope: Scope,
): Promise<Served> {
  const saved = (await findArchive(paths.archive, image.id)) ?? (await spool(setup, image, paths.pack, watch, scope));
  return openRegistry(saved, { name: "bot-bottle", tag: shortImageId(image.id) }, scope);
}

/** What was saved before needs no second copy. */
async function findArchive(path: string, id: ImageId): Promise<SavedImage | undefined> {
  if (!(await isThere(path))) return undefined;
  const saved = await readSavedImage(path).catch(() => undefined);
  return saved?.ids.includes(id) === true ? saved : undefined;
}

async function spool(
  { engine }: SmolmachinesSetup,
  image: NamedImage,
  pack: string,
  { signal, tell }: HandOverWatch,
  scope: Scope,
): Promise<SavedImage> {
  const path = `${pack}.saved`;
  await rm(path, { force: true }); // of one that was killed
  await requireRoomFor(engine, image.id, dirname(pack), 2);
  scope.defer("remove the saved image", () => rm(path, { force: true }));
  tell(`saving ${image.name} for machines`);
  return saveImage(engine, image, path, signal);
}
