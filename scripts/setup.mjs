// Makes a fresh machine ready: Debian packages that are missing, npm packages, the build. Plain JavaScript, because it
// runs before anything is installed. Doing it twice costs little.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "..");

/** Packages of Debian and Ubuntu by the file that tells whether they are there. */
const RUN_PACKAGES = {
  "/usr/bin/bwrap": "bubblewrap",
  "/usr/bin/git": "git",
  "/usr/bin/setpriv": "util-linux",
};

/** What the tests drive and attack with; most of it is run inside bottles, which see `/usr` and nothing else. */
const TEST_PACKAGES = {
  "/usr/bin/tmux": "tmux",
  "/usr/bin/vim": "vim",
  "/usr/bin/less": "less",
  "/usr/bin/gcc": "gcc",
  "/usr/include/stdio.h": "libc6-dev",
  "/usr/bin/perl": "perl",
  "/usr/bin/ps": "procps",
  "/usr/bin/curl": "curl",
  "/usr/bin/wget": "wget",
  "/usr/bin/openssl": "openssl",
  "/usr/sbin/sshd": "openssh-server",
  "/usr/bin/ssh": "openssh-client",
  "/usr/bin/python3": "python3",
  "/usr/lib/python3/dist-packages/requests/__init__.py": "python3-requests",
  "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
};

/** Large, and for a few tests only, which say so where it is missing; in CI nothing may be missing. */
const CI_PACKAGES = {
  "/usr/bin/keytool": "default-jre-headless",
  "/usr/sbin/dockerd": "docker.io",
  "/usr/sbin/iptables": "iptables",
  "/usr/bin/mmdebstrap": "mmdebstrap",
  "/usr/bin/runsc": "runsc",
  "/bin/busybox": "busybox-static",
  "/usr/bin/skopeo": "skopeo",
  "/usr/bin/podman": "podman",
  "/usr/bin/docker-registry": "docker-registry",
};

/** Sets up what `bottle` needs, and with `tests` what its tests need; ends the process with a line when it can't. */
export function setUp({ tests = false } = {}) {
  checkNode();
  if (process.platform === "linux")
    installPackages({
      ...RUN_PACKAGES,
      ...(tests ? TEST_PACKAGES : {}),
      ...(process.env.CI === "true" ? CI_PACKAGES : {}),
    });
  if (!existsSync(join(ROOT, "node_modules/.package-lock.json"))) {
    must("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit"]);
  }
  if (isStale()) must("npm", ["run", "--silent", "build"]);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`bot-bottle needs Node 20.19 or newer; this is ${process.versions.node}.`);
}

function installPackages(wanted) {
  const missing = Object.entries(wanted)
    .filter(([file]) => !existsSync(file))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (!isOnPath("apt-get")) fail(`Please install with your package manager: ${missing.join(" ")}`);
  const sudo = process.getuid() === 0 ? [] : ["sudo"];
  const install = [...sudo, "apt-get", "install", "-y", "--no-install-recommends", ...missing];
  if (sudo.length > 0 && !isOnPath("sudo")) fail(`Please run as root: ${install.slice(1).join(" ")}`);
  console.log(`Installing ${missing.join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quietly = { stdio: ["inherit", "ignore", "inherit"], env };
  const update = spawnSync(
    [...sudo, "apt-get", "update", "-qq"][0],
    [...sudo, "apt-get", "update", "-qq"].slice(1),
    quietly,
  );
  const result = spawnSync(install[0], install.slice(1), quietly);
  if (update.status !== 0 || result.status !== 0) fail(`That did not work. Please run: ${install.join(" ")}`);
}

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function isStale() {
  const built = join(ROOT, "dist/main.js");
  if (!existsSync(built)) return true;
  const time = statSync(built).mtimeMs;
  const newer = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > time,
    );
  return newer(join(ROOT, "src"));
}

function must(program, args) {
  const result = spawnSync(program, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if (result.status !== 0) fail(`${[program, ...args].join(" ")} failed.`);
}

function fail(line) {
  console.error(line);
  process.exit(3);
}
