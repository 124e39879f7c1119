import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { openEngine } from "../../src/images/engine.ts";
import { openRegistry, type Registry } from "../../src/images/registry/open-registry.ts";
import { readSavedImage, type SavedImage } from "../../src/images/registry/saved-image.ts";
import { requireRoomFor, saveImage } from "../../src/images/save-image.ts";
import { findBaseImage } from "../fixtures/docker-bottle.ts";
import { buildTinyImage, sh, type TinyImage } from "./tiny-image.ts";

// Real clients against the registry of a hand-over: the engine itself, skopeo and podman.

const missing = [
  findBaseImage().why,
  ...["skopeo", "podman"].filter((name) => !existsSync(`/usr/bin/${name}`)).map((name) => `apt-get install ${name}`),
].filter(Boolean);
if (missing.length > 0 && process.env["CI"] === "true") throw new Error(missing.join("; "));

// this process answers: its clients must not block it
const start = promisify(execFile);
const skopeo = (...args: readonly string[]) => start("skopeo", ["--insecure-policy", ...args]);

describe.skipIf(missing.length > 0)(`the registry of a hand-over${missing.map((one) => `: ${one}`).join("")}`, () => {
  const engine = openEngine(process.env, run);
  let folder: string;
  let image: TinyImage;
  let saved: SavedImage;
  let scope: Scope;
  const serve = (one: SavedImage, port?: number): Promise<Registry> =>
    openRegistry(one, { name: "bot-bottle", tag: "t1", ...(port === undefined ? {} : { port }) }, scope);
  const urlOf = ({ reference }: Registry, rest: string) => {
    const [, host, name] = /^([^/]+)\/(.+):t1$/.exec(reference) ?? [];
    return `http://${host}/v2/${name}/${rest}`;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bottle-registry-"));
    image = buildTinyImage();
    saved = await saveImage(engine, image, join(folder, "saved.tar"), undefined);
  });
  afterAll(async () => {
    image.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    scope = new Scope();
  });
  afterEach(() => scope.close());

  test("docker pulls, and what it gets is the image, which runs", async () => {
    const { reference } = await serve(saved);
    try {
      await start("docker", ["pull", reference]);
      expect(sh("docker", "image", "inspect", "--format", "{{.Id}}", reference).trim()).toBe(image.id);
      expect(sh("docker", "run", "--rm", "--network", "none", reference)).toBe(`${image.word}\n`);
      const digests = sh("docker", "image", "inspect", "--format", '{{join .RepoDigests " "}}', reference);
      expect(digests).toContain(saved.manifest.digest);
    } finally {
      sh("docker", "image", "rm", "--force", reference);
    }
  });

  test("docker pulls an image that the engine has not", async () => {
    const other = buildTinyImage();
    const one = await saveImage(engine, other, join(folder, "other.tar"), undefined);
    other.close();
    const { reference } = await serve(one);
    await start("docker", ["pull", reference]);
    expect(sh("docker", "run", "--rm", "--network", "none", reference)).toBe(`${other.word}\n`);
    sh("docker", "image", "rm", "--force", reference);
  });

  test("podman pulls into a store of its own", async () => {
    const { reference } = await serve(saved);
    const store = [
      "--root",
      join(folder, "podman"),
      "--runroot",
      join(folder, "podman-run"),
      "--storage-driver",
      "vfs",
    ];
    await start("podman", [...store, "pull", "--tls-verify=false", reference]);
    const { stdout } = await start("podman", [...store, "image", "inspect", "--format", "{{.Id}}", reference]);
    expect(`sha256:${stdout.trim()}`).toBe(image.id);
    await start("podman", [...store, "rmi", "--all", "--force"]);
  });

  test("skopeo copies, inspects and lists; all forms of a saved image give the same layers", async () => {
    const { reference } = await serve(saved);
    const source = `docker://${reference}`;
    const inspected = await skopeo("inspect", "--tls-verify=false", source);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: saved.manifest.digest, RepoTags: ["t1"] });
    const listed = await skopeo("list-tags", "--tls-verify=false", source.replace(/:t1$/, ""));
    expect(JSON.parse(listed.stdout)).toMatchObject({ Tags: ["t1"] });
    // the layout of newer engines, its layers compressed and not
    for (const compressed of [true, false]) {
      const layout = join(folder, `layout-${compressed}`);
      await skopeo(
        "copy",
        "--src-tls-verify=false",
        `--dest-oci-accept-uncompressed-layers=${!compressed}`,
        source,
        `oci:${layout}:x`,
      );
      const tar = join(folder, `layout-${compressed}.tar`);
      sh("tar", "-c", "-f", tar, "-C", layout, ".");
      const one = await readSavedImage(tar);
      expect(one.manifest.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
      const second = await serve(one);
      const target = join(folder, `copy-${compressed}.tar`);
      await skopeo("copy", "--src-tls-verify=false", `docker://${second.reference}`, `docker-archive:${target}:x/x:x`);
      expect((await readSavedImage(target)).manifests.size).toBe(1);
      expect(await diffIds(target)).toEqual(await diffIds(saved.path));
    }
  });

  test("a classic archive whose layers are compressed is told with their own digests", async () => {
    const unpacked = await mkdtemp(join(folder, "classic-"));
    sh("tar", "-x", "-f", saved.path, "-C", unpacked);
    const layers = (await readdir(unpacked, { recursive: true })).filter((name) => name.endsWith("layer.tar"));
    for (const name of layers) {
      sh("sh", "-c", `test -L "$1" || { gzip -n "$1" && mv "$1.gz" "$1"; }`, "sh", join(unpacked, name));
    }
    const tar = join(folder, "classic-gzip.tar");
    sh("tar", "-c", "-f", tar, "-C", unpacked, ".");
    const one = await readSavedImage(tar);
    expect(one.manifest.bytes.toString()).toContain("diff.tar.gzip");
    const target = join(folder, "classic-gzip-copy.tar");
    await skopeo(
      "copy",
      "--src-tls-verify=false",
      `docker://${(await serve(one)).reference}`,
      `docker-archive:${target}:x/x:x`,
    );
    expect(await diffIds(target)).toEqual(await diffIds(saved.path));
  });

  test("two clients at once, and one that stops half-way, disturb nobody", async () => {
    const registry = await serve(saved);
    const [digest = ""] = [...saved.blobs].sort(([, a], [, b]) => b.size - a.size)[0] ?? [];
    const stopped = new AbortController();
    const response = await fetch(urlOf(registry, `blobs/${digest}`), { signal: stopped.signal });
    await response.body?.getReader().read();
    stopped.abort();
    const copy = (name: string) =>
      skopeo("copy", "--src-tls-verify=false", `docker://${registry.reference}`, `dir:${join(folder, name)}`);
    await Promise.all([copy("one"), copy("two")]);
    expect(await readFile(join(folder, "one/manifest.json"))).toEqual(saved.manifest.bytes);
    expect(registry.failure()).toBeUndefined();
  });

  test("HEAD, ranges and digests are those of the specification; nothing is written", async () => {
    const registry = await serve(saved);
    const [digest = "", { size } = { size: 0 }] = [...saved.blobs][0] ?? [];
    const url = urlOf(registry, `blobs/${digest}`);
    const head = await fetch(url, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(size));
    expect(head.headers.get("docker-content-digest")).toBe(digest);
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(`sha256:${createHash("sha256").update(whole).digest("hex")}`).toBe(digest);
    const part = await fetch(url, { headers: { range: "bytes=3-6" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 3-6/${size}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(3, 7));
    expect((await fetch(url, { headers: { range: `bytes=${size}-` } })).status).toBe(416);
    const manifest = await fetch(urlOf(registry, "manifests/t1"));
    expect(manifest.headers.get("docker-content-digest")).toBe(saved.manifest.digest);
    expect(Buffer.from(await manifest.arrayBuffer())).toEqual(saved.manifest.bytes);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const refused = await fetch(urlOf(registry, "blobs/uploads/"), { method });
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await refused.json()).toMatchObject({ errors: [{ code: "UNSUPPORTED" }] });
    }
    const unknown = await fetch(urlOf(registry, "manifests/t2"));
    expect(await unknown.json()).toMatchObject({ errors: [{ code: "MANIFEST_UNKNOWN" }] });
    // without the random name nobody on this machine gets anything
    expect((await fetch(url.replace(/\/v2\/[0-9a-f]+\//, "/v2/"))).status).toBe(404);
  });

  test("a blob that is not what its digest says is never given as a whole, and is told", async () => {
    const broken = join(folder, "broken.tar");
    await writeFile(broken, await readFile(saved.path));
    const [layer] = [...saved.blobs.values()].sort((a, b) => b.size - a.size);
    const bytes = await readFile(broken);
    const at = (layer?.offset ?? 0) + 4096;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(broken, bytes);
    const registry = await serve(await readSavedImage(broken));
    const copying = skopeo(
      "copy",
      "--src-tls-verify=false",
      `docker://${registry.reference}`,
      `dir:${join(folder, "bad")}`,
    );
    await expect(copying).rejects.toThrow();
    expect(registry.failure()).toContain("has another digest");
  });

  test("a save that was cut short is an error before anything is served; one that shrinks later is told", async () => {
    const short = join(folder, "short.tar");
    const bytes = await readFile(saved.path);
    for (const size of [0, 1000, Math.floor(bytes.length / 2)]) {
      await writeFile(short, bytes.subarray(0, size));
      await expect(readSavedImage(short)).rejects.toMatchObject({
        code: "image/hand-over-failed",
        hint: expect.stringMatching(/./),
      });
    }
    await writeFile(short, bytes);
    const one = await readSavedImage(short);
    const [digest = "", { offset } = { offset: 0 }] = [...one.blobs].sort(([, a], [, b]) => b.size - a.size)[0] ?? [];
    const registry = await serve(one);
    await truncate(short, offset + 10);
    await expect(fetch(urlOf(registry, `blobs/${digest}`)).then((got) => got.arrayBuffer())).rejects.toThrow();
    expect(registry.failure()).toMatch(/cut short/);
  });

  test("an image that was removed, or built anew meanwhile, is an error and leaves no file", async () => {
    const path = join(folder, "gone.tar");
    const gone = buildTinyImage();
    gone.close();
    await expect(saveImage(engine, gone, path, undefined)).rejects.toMatchObject({ code: "image/hand-over-failed" });
    const other = { name: image.name, id: gone.id };
    await expect(saveImage(engine, other, path, undefined)).rejects.toMatchObject({
      code: "image/hand-over-failed",
      message: expect.stringContaining("built anew"),
    });
    const stopped = AbortSignal.abort("SIGINT");
    await expect(saveImage(engine, image, path, stopped)).rejects.toBe("SIGINT");
    expect(await stat(path).catch(() => "none")).toBe("none");
  });

  test("a folder in memory, or without room, takes no saved image", async () => {
    await requireRoomFor(engine, image.id, folder);
    const inMemory = await mkdtemp("/dev/shm/bottle-");
    await expect(requireRoomFor(engine, image.id, inMemory)).rejects.toMatchObject({
      code: "file/disk-full",
      message: expect.stringContaining("memory"),
    });
    await rm(inMemory, { recursive: true });
  });

  test("a port that is taken is an error; after the hand-over nothing listens any more", async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port)),
    );
    await expect(serve(saved, port)).rejects.toMatchObject({
      code: "image/hand-over-failed",
      message: expect.stringContaining(String(port)),
    });
    taken.close();
    const registry = await serve(saved);
    const url = urlOf(registry, "tags/list");
    expect((await fetch(url)).status).toBe(200);
    await scope.close();
    await expect(fetch(url)).rejects.toThrow();
  });
});

/** Digests of an image's layers, not compressed, as its configuration tells them. */
async function diffIds(tar: string): Promise<readonly string[]> {
  const names = sh("tar", "-x", "-O", "-f", tar, "manifest.json");
  const [{ Config: name }] = JSON.parse(names) as [{ Config: string }];
  return (JSON.parse(sh("tar", "-x", "-O", "-f", tar, name)) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids;
}
