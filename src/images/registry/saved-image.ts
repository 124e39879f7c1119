import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { BottleError } from "../../base/errors.ts";
import { fileError } from "../../base/files.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../base/parse-json.ts";
import { type ImageId, parseImageId } from "../image-id.ts";
import { type Extent, indexTar, readExtent, type TarIndex } from "./index-tar.ts";

/** The content of a manifest, and what it is called. */
export type SavedManifest = { readonly digest: string; readonly mediaType: string; readonly bytes: Buffer };

/** A saved image as a registry shows it: a manifest, and blobs that lie within the saved file. */
export type SavedImage = {
  readonly path: string;
  /** What an engine calls it: the digest of its configuration, and in newer stores that of its manifest */
  readonly ids: readonly ImageId[];
  readonly manifest: SavedManifest;
  /** Manifests by digest; more than one only in a layout that brings an index */
  readonly manifests: ReadonlyMap<string, SavedManifest>;
  readonly blobs: ReadonlyMap<string, Extent>;
};

const DOCKER = "application/vnd.docker";
const MANIFEST = `${DOCKER}.distribution.manifest.v2+json`;
const CONFIG = `${DOCKER}.container.image.v1+json`;
const LAYER = `${DOCKER}.image.rootfs.diff.tar`;
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** Far more than the description of any image has */
const MOST_DESCRIPTION_BYTES = 16 * 1024 * 1024;

/**
 * Reads what `docker save` wrote: the classic layout, or that of OCI, which newer engines write beside it. Throws
 * `image/hand-over-failed` for a file that is cut short or not an image.
 */
export async function readSavedImage(path: string): Promise<SavedImage> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const index = await indexTar(file);
    const read = makeReader(file, index);
    return index.has("index.json") ? await readLayout(path, index, read) : await readClassic(path, index, read, file);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, error.message, error);
    throw fileError(error, "read", path);
  } finally {
    await file?.close();
  }
}

type Reader = (name: string) => Promise<Buffer>;

function makeReader(file: FileHandle, index: TarIndex): Reader {
  return async (name) => {
    const extent = index.get(name);
    if (extent === undefined) throw new RangeError(`it has no ${name}`);
    if (extent.size > MOST_DESCRIPTION_BYTES) throw new RangeError(`its ${name} is endless`);
    return readExtent(file, extent);
  };
}

async function readClassic(path: string, index: TarIndex, read: Reader, file: FileHandle): Promise<SavedImage> {
  const [image] = parseList(await read("manifest.json"));
  const configName = textOf(image?.["Config"]);
  const layerNames = Array.isArray(image?.["Layers"]) ? image["Layers"].map(String) : [];
  const config = await read(configName);
  const rootfs = parseJsonObject(config.toString("utf8"))?.["rootfs"];
  const diffIds = isJsonObject(rootfs) && Array.isArray(rootfs["diff_ids"]) ? rootfs["diff_ids"].map(String) : [];
  if (diffIds.length !== layerNames.length) throw new RangeError("its layers are not those of its configuration");
  const blobs = new Map<string, Extent>();
  const layers: JsonObject[] = [];
  for (const [at, name] of layerNames.entries()) {
    const extent = index.get(name);
    if (extent === undefined) throw new RangeError(`it has no layer ${name}`);
    const compression = findCompression(await readExtent(file, { ...extent, size: Math.min(4, extent.size) }));
    // a layer that is not compressed is called as the configuration calls it; anything else is told by whoever serves it
    const digest = compression === "" ? (diffIds[at] ?? "") : await hashExtent(path, extent);
    blobs.set(digest, extent);
    layers.push({ mediaType: `${LAYER}${compression}`, size: extent.size, digest });
  }
  const configDigest = digestOf(config);
  const configExtent = index.get(configName);
  if (configExtent !== undefined) blobs.set(configDigest, configExtent);
  const manifest = makeManifest(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, size: config.length, digest: configDigest },
    layers,
  });
  return { path, ids: idsOf([configDigest]), manifest, manifests: new Map([[manifest.digest, manifest]]), blobs };
}

async function readLayout(path: string, index: TarIndex, read: Reader): Promise<SavedImage> {
  const blobs = new Map<string, Extent>();
  for (const [name, extent] of index) {
    const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
    if (hex !== undefined) blobs.set(`sha256:${hex}`, extent);
  }
  const ids: string[] = [];
  let descriptors = parseDescriptors(await read("index.json"));
  for (let depth = 0; depth < 4; depth++) {
    const chosen = descriptors.find(isImage);
    if (chosen === undefined) break;
    const bytes = await read(`blobs/sha256/${chosen.digest.slice("sha256:".length)}`);
    if (digestOf(bytes) !== chosen.digest) throw new RangeError(`its manifest ${chosen.digest} has another digest`);
    ids.push(chosen.digest);
    const content = parseJsonObject(bytes.toString("utf8"));
    if (Array.isArray(content?.["manifests"])) {
      descriptors = parseDescriptors(bytes);
      continue;
    }
    const manifest = { digest: chosen.digest, mediaType: chosen.mediaType || OCI_MANIFEST, bytes };
    const parts = [content?.["config"], ...(Array.isArray(content?.["layers"]) ? content["layers"] : [])];
    for (const part of parts) {
      const digest = isJsonObject(part) ? textOf(part["digest"]) : "";
      const size = blobs.get(digest)?.size;
      if (size === undefined || !isJsonObject(part)) throw new RangeError(`it has no blob ${digest}`);
      if (size !== part["size"]) throw new RangeError(`its blob ${digest} has another size`);
    }
    const config = isJsonObject(content?.["config"]) ? textOf(content["config"]["digest"]) : "";
    return {
      path,
      ids: idsOf([config, ...ids]),
      manifest,
      manifests: new Map([[manifest.digest, manifest]]),
      blobs,
    };
  }
  throw new RangeError("it has no image");
}

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly platform: string };

function parseDescriptors(bytes: Buffer): readonly Descriptor[] {
  const list = parseJsonObject(bytes.toString("utf8"))?.["manifests"];
  return (Array.isArray(list) ? list : []).filter(isJsonObject).map((one) => ({
    mediaType: textOf(one["mediaType"]),
    digest: textOf(one["digest"]),
    platform: isJsonObject(one["platform"]) ? textOf(one["platform"]["os"]) : "",
  }));
}

/** What builders attest about an image stands beside it, for a platform that nobody has. */
function isImage({ digest, platform }: Descriptor): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(digest) && platform !== "unknown";
}

function parseList(bytes: Buffer): readonly JsonObject[] {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return Array.isArray(value) ? value.filter(isJsonObject) : [];
  } catch {
    throw new RangeError("its list of images cannot be read");
  }
}

function makeManifest(mediaType: string, content: JsonObject): SavedManifest {
  const bytes = Buffer.from(JSON.stringify(content));
  return { digest: digestOf(bytes), mediaType, bytes };
}

function findCompression(head: Buffer): "" | ".gzip" | ".zstd" {
  if (head.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return ".gzip";
  return head.equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])) ? ".zstd" : "";
}

async function hashExtent(path: string, { offset, size }: Extent): Promise<string> {
  const hash = createHash("sha256");
  if (size > 0) {
    for await (const chunk of createReadStream(path, { start: offset, end: offset + size - 1 })) {
      hash.update(chunk as Buffer);
    }
  }
  return `sha256:${hash.digest("hex")}`;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function idsOf(digests: readonly string[]): readonly ImageId[] {
  return digests.flatMap((digest) => parseImageId(digest) ?? []);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function damaged(path: string, why: string, cause?: unknown): BottleError {
  return new BottleError("image/hand-over-failed", `the saved image ${path} cannot be used: ${why}`, {
    hint: "start it again, which saves it anew; `bottle doctor` shows the free space",
    cause,
  });
}
