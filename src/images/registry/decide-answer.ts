import type { SavedImage, SavedManifest } from "./saved-image.ts";

/** What a registry answers to a request. */
export type RegistryAnswer =
  | { readonly kind: "ping" }
  | { readonly kind: "manifest"; readonly manifest: SavedManifest }
  | { readonly kind: "blob"; readonly digest: string }
  | { readonly kind: "tags"; readonly name: string; readonly tags: readonly string[] }
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly message: string };

/** The one image of a registry: its repository, its tag, and what it is. */
export type Shelf = { readonly name: string; readonly tag: string; readonly image: SavedImage };

/** Decides what the pull half of the OCI distribution specification answers. Pure. */
export function decideAnswer(method: string, target: string, shelf: Shelf): RegistryAnswer {
  const [path = ""] = target.split("?", 1);
  if (path !== "/v2" && !path.startsWith("/v2/")) return refuse(404, "NAME_UNKNOWN", "only /v2/ is here");
  if (method !== "GET" && method !== "HEAD") {
    return refuse(405, "UNSUPPORTED", "this registry is only read from");
  }
  if (path === "/v2" || path === "/v2/") return { kind: "ping" };
  const [, name, what, reference] =
    /^\/v2\/(.+?)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(decodePath(path)) ?? [];
  if (name !== shelf.name || reference === undefined) {
    return refuse(404, "NAME_UNKNOWN", "there is no such repository");
  }
  if (what === "manifests") return findManifest(reference, shelf);
  if (what === "blobs") return findBlob(reference, shelf);
  if (what === "tags" && reference === "list") return { kind: "tags", name, tags: pageOf([shelf.tag], target) };
  return refuse(404, "NAME_UNKNOWN", "only the image and the list of its tags are here");
}

function findBlob(reference: string, { image }: Shelf): RegistryAnswer {
  if (!/^[a-z0-9]+:[0-9a-f]{32,}$/.test(reference)) return refuse(400, "DIGEST_INVALID", "that is no digest");
  if (!image.blobs.has(reference)) return refuse(404, "BLOB_UNKNOWN", `there is no blob ${reference}`);
  return { kind: "blob", digest: reference };
}

function findManifest(reference: string, { tag, image }: Shelf): RegistryAnswer {
  const manifest = reference === tag ? image.manifest : image.manifests.get(reference);
  if (manifest !== undefined) return { kind: "manifest", manifest };
  return refuse(404, "MANIFEST_UNKNOWN", `there is no manifest ${reference}`);
}

/** Part of a list as `n` and `last` ask for it. */
function pageOf(tags: readonly string[], target: string): readonly string[] {
  const query = new URLSearchParams(target.split("?").slice(1).join("?"));
  const last = query.get("last") ?? "";
  const most = Number(query.get("n") ?? Number.POSITIVE_INFINITY);
  return tags.filter((tag) => tag > last).slice(0, most >= 0 ? most : undefined);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

function refuse(status: number, code: string, message: string): RegistryAnswer {
  return { kind: "error", status, code, message };
}

/** Part of a blob, or undefined when a header asks for what is not there; a header that is none asks for all of it. Pure. */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number; readonly isPart: boolean } | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return { start: 0, end: size - 1, isPart: false };
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end || start >= size ? undefined : { start, end, isPart: true };
}
