// Makes a machine without a container registry ready for the tests of the docker backend: an engine that answers, and a
// stand-in for the image that ours are built on, put together from Debian packages and the Node of the npm registry.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the Dockerfiles of `images/` name. */
export const BASE_IMAGE = "node:22-bookworm-slim";

const PACKAGES = "ca-certificates,procps,perl-base,hostname,curl,git,openssl,python3-minimal";
const START_DEADLINE_MS = 30_000;

/** An engine that answers and the base image, both made when they are not there. Throws with the reason when one cannot be. */
export function prepareEngine() {
  if (!answers()) startEngine();
  if (docker(["image", "inspect", BASE_IMAGE]).status !== 0) makeBaseImage();
}

function answers() {
  return docker(["info", "--format", "{{.ServerVersion}}"]).status === 0;
}

/** There may be no service manager: the engine is started as a process of its own, which outlives this one. */
function startEngine() {
  if (!existsSync("/usr/sbin/dockerd")) throw new Error("no dockerd: apt-get install docker.io iptables");
  // left behind by an engine that was killed, it would keep the next one from starting
  if (spawnSync("pgrep", ["-x", "dockerd"]).status !== 0) rmSync("/var/run/docker.pid", { force: true });
  const log = openSync(join(tmpdir(), "bottle-dockerd.log"), "a");
  spawn("setsid", ["/usr/sbin/dockerd"], { detached: true, stdio: ["ignore", log, log] }).unref();
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!answers()) {
    if (Date.now() > deadline) throw new Error(`dockerd does not answer: see ${join(tmpdir(), "bottle-dockerd.log")}`);
    spawnSync("sleep", ["0.2"]);
  }
}

function makeBaseImage() {
  const folder = mkdtempSync(join(tmpdir(), "bottle-base-"));
  const root = join(folder, "root");
  try {
    must("mmdebstrap", ["--quiet", "--variant=minbase", `--include=${PACKAGES}`, "bookworm", root]);
    addNode(folder, root);
    addCertificates(root);
    writeFileSync(join(root, "etc/resolv.conf"), "");
    must("chroot", [root, "useradd", "--create-home", "--shell", "/bin/bash", "--uid", "1000", "node"]);
    const env = `ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`;
    const pack = `set -o pipefail; tar -C "$1" -c . | docker import --change "$2" --change 'CMD ["node"]' - "$3"`;
    must("bash", ["-c", pack, "bash", root, env, BASE_IMAGE]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node without npm is one package of the registry, npm another. */
function addNode(folder, root) {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  for (const [name, target] of [
    [`node-linux-${arch}@22`, "usr/local"],
    ["npm@10", "usr/local/lib/node_modules/npm"],
  ]) {
    const into = mkdtempSync(join(folder, "pack-"));
    must("npm", ["pack", "--silent", "--pack-destination", into, name]);
    const [file = ""] = readdirSync(into);
    mkdirSync(join(root, target), { recursive: true });
    must("tar", ["-C", join(root, target), "--strip-components=1", "--no-same-owner", "-xf", join(into, file)]);
  }
  for (const name of ["npm", "npx"]) {
    must("ln", ["-sf", `../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name)]);
  }
}

/** A machine behind a company's proxy has roots of its own, without which npm in a build could trust nobody. */
function addCertificates(root) {
  const own = "/usr/local/share/ca-certificates";
  if (!existsSync(own)) return;
  must("cp", ["-r", `${own}/.`, join(root, own)]);
  must("chroot", [root, "update-ca-certificates"]);
}

function docker(args) {
  return spawnSync("docker", args, { stdio: "ignore" });
}

function must(program, args) {
  const result = spawnSync(program, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (result.error !== undefined) throw new Error(`${program}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${program} ${args[0]}: ${result.stderr.trim().slice(-2000)}`);
}
