import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { run } from "../src/base/process.ts";
import { Scope } from "../src/base/scope.ts";
import { openEngine } from "../src/images/engine.ts";
import { findImage } from "../src/images/find-image.ts";
import { openRegistry } from "../src/images/registry/open-registry.ts";
import { saveImage } from "../src/images/save-image.ts";

// Time until a client has an image of about 1 GB: out of our own registry, straight from the saved image, against a push to
// Debian's docker-registry and a pull from it by the same client. Usage: npx tsx bench/hand-over.ts [ROUNDS]

const ROUNDS = Number(process.argv[2] ?? 3);
const TAG = "bot-bottle-bench/hand-over:latest";
const WANTED_BYTES = 600 * 1024 * 1024;

const start = promisify(execFile);
const engine = openEngine(process.env, run);
const folder = mkdtempSync(join(tmpdir(), "bottle-bench-"));

/** The base image, and files of this machine in two layers: programs and libraries, as an agent image has them. */
async function buildImage(): Promise<void> {
  const context = join(folder, "context");
  const libraries = "/usr/lib/x86_64-linux-gnu";
  let bytes = 0;
  for (const [at, name] of readdirSync(libraries).entries()) {
    const path = join(libraries, name);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry?.isFile() !== true || bytes > WANTED_BYTES) continue;
    bytes += entry.size;
    const layer = join(context, at % 2 === 0 ? "one" : "two");
    mkdirSync(layer, { recursive: true });
    cpSync(path, join(layer, name), { dereference: true });
  }
  writeFileSync(join(context, "Dockerfile"), "FROM node:22-bookworm-slim\nCOPY one /opt/one\nCOPY two /opt/two\n");
  await start("docker", ["build", "--tag", TAG, context], { maxBuffer: 64 * 1024 * 1024 });
}

/** The one client of both. */
function copy(reference: string, target: string) {
  const from = `docker://${reference}`;
  return start("skopeo", ["--insecure-policy", "copy", "--src-tls-verify=false", from, `dir:${target}`]);
}

async function byOwnRegistry(target: string): Promise<void> {
  const scope = new Scope();
  try {
    const id = await findImage(engine, TAG);
    if (id === undefined) throw new Error("the image is gone");
    const path = join(folder, "saved.tar");
    const saved = await saveImage(engine, { name: TAG, id }, path, undefined);
    scope.defer("remove the saved image", () => rmSync(path));
    const { reference } = await openRegistry(saved, { name: "bot-bottle", tag: "t" }, scope);
    await copy(reference, target);
  } finally {
    await scope.close();
  }
}

async function byPush(target: string): Promise<void> {
  const port = await freePort();
  const storage = join(folder, "registry");
  const config = join(folder, "registry.yml");
  const lines = [
    "version: 0.1",
    `storage: {filesystem: {rootdirectory: ${storage}}}`,
    `http: {addr: "127.0.0.1:${port}"}`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  try {
    const name = `127.0.0.1:${port}/bot-bottle:t`;
    while ((await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined))?.ok !== true) await sleep(10);
    await start("docker", ["tag", TAG, name]);
    await start("docker", ["push", "--quiet", name]);
    await copy(name, target);
    await start("docker", ["rmi", name]);
  } finally {
    registry.kill("SIGKILL");
    rmSync(storage, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

const CONTENDERS = [
  { name: "own registry", hand: byOwnRegistry },
  { name: "docker push to docker-registry", hand: byPush },
];

try {
  await buildImage();
  const { stdout } = await start("docker", ["image", "inspect", "--format", "{{.Size}}", TAG]);
  console.log(`an image of ${(Number(stdout) / 1024 ** 2).toFixed(0)} MB, ${ROUNDS} rounds, median:`);
  const times = new Map<string, number[]>(CONTENDERS.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, hand } of CONTENDERS) {
      const target = join(folder, "client");
      const began = performance.now();
      await hand(target);
      times.get(name)?.push(performance.now() - began);
      rmSync(target, { recursive: true });
    }
  }
  const median = (name: string) =>
    [...(times.get(name) ?? [])].sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  const base = median("docker push to docker-registry");
  for (const { name } of CONTENDERS) {
    console.log(`${name.padEnd(32)} ${(median(name) / 1000).toFixed(1)} s (${(median(name) / base).toFixed(2)} x)`);
  }
} finally {
  await start("docker", ["rmi", "--force", TAG]).catch(() => {});
  rmSync(folder, { recursive: true, force: true });
}
