import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { SecretValue } from "../../src/base/secret-value.ts";
import { openEngine } from "../../src/images/engine.ts";
import { findBaseImage, openDockerBottle } from "../fixtures/docker-bottle.ts";

const { id, why } = findBaseImage();
const SECRET = ["planted", "4fd1c09e77"].join("-");

describe.skipIf(id === undefined)(`nothing of the host gets into a container${why && `: ${why}`}`, () => {
  let config: string;
  beforeAll(async () => {
    config = await mkdtemp(join(tmpdir(), "bottle-config-"));
    const proxies = {
      default: { httpProxy: `http://me:${SECRET}@proxy:1`, httpsProxy: `http://me:${SECRET}@proxy:1` },
    };
    await writeFile(join(config, "config.json"), JSON.stringify({ proxies }));
  });
  afterAll(() => rm(config, { recursive: true, force: true }));

  test("neither the operator's variables nor the proxies and passwords of the engine's command", async () => {
    const env = { ...process.env, DOCKER_CONFIG: config, HOST_ONLY: SECRET, HTTPS_PROXY: "" };
    const bottle = await openDockerBottle({ setup: { engine: openEngine(env, run) } });
    try {
      const { stdout } = await bottle.run([
        "sh",
        "-c",
        "env; cat /proc/1/environ /proc/*/environ 2>/dev/null | tr '\\0' '\\n'",
      ]);
      expect(stdout).toContain("HOME=/home/node");
      expect(stdout).not.toContain(SECRET);
    } finally {
      await bottle.close();
    }
  });

  test("a granted secret is in no argument, environment or file outside while its command runs", async () => {
    const bottle = await openDockerBottle();
    try {
      const one = await bottle.guest.exec({
        argv: ["sh", "-c", 'echo "${#SECRET}"; read x'],
        env: new Map([["SECRET", new SecretValue("SECRET", `${SECRET}\n'"\\$x\r`)]]),
        cwd: "/",
        terminal: undefined,
      });
      if (one.kind !== "pipes") throw new Error("pipes were asked for");
      const length = await new Promise((resolve) => one.stdout.once("data", (chunk) => resolve(String(chunk))));
      expect(length).toBe(`${SECRET.length + 7}\n`);
      const inside = new Set(
        spawnSync("docker", ["top", bottle.guest.ref.detail.split(" ")[1] ?? "", "-eo", "pid"], {
          encoding: "utf8",
        }).stdout.match(/\d+/g),
      );
      for (const pid of (await readdir("/proc")).filter(
        (name) => /^\d+$/.test(name) && !inside.has(name) && name !== String(process.pid),
      )) {
        for (const file of ["cmdline", "environ"]) {
          expect(await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => ""), `${pid} ${file}`).not.toContain(
            SECRET,
          );
        }
      }
      expect(spawnSync("grep", ["-r", SECRET, bottle.folder], { encoding: "utf8" }).stdout).toBe("");
      const told = spawnSync("docker", ["inspect", bottle.guest.ref.detail.split(" ")[1] ?? ""], {
        encoding: "utf8",
      }).stdout;
      expect(told).not.toContain(SECRET);
      one.stdin.end("\n");
      await one.exit;
    } finally {
      await bottle.close();
    }
  });

  test("the folder of its sockets is for the container, and for no other user of this machine", async () => {
    const bottle = await openDockerBottle({ link: ["egress"] });
    try {
      const script = `exec 2>&1; ls ${bottle.spec.scratch}/link; ls ${bottle.spec.scratch}`;
      const other = spawnSync("setpriv", ["--reuid", "1000", "--regid", "1000", "--clear-groups", "sh", "-c", script], {
        encoding: "utf8",
      });
      if (process.getuid?.() === 0) expect(other.stdout).toMatch(/Permission denied[\s\S]*Permission denied/);
    } finally {
      await bottle.close();
    }
  });
});

describe.skipIf(id === undefined)("what comes back from a container", () => {
  test("is files, folders and links inside the workspace, whatever the agent made of it", async () => {
    const bottle = await openDockerBottle({ files: { kept: "kept" } });
    const outside = join(bottle.folder, "outside");
    await mkdir(outside);
    try {
      const { exit } = await bottle.run([
        ...["sh", "-c"],
        `mkdir d && ln -s ${outside} d/up && ln -s ../../.. d/far && mkfifo pipe && touch run && chmod 6755 run && ln kept same && mkdir -m 0 closed`,
      ]);
      expect(exit).toEqual({ kind: "code", code: 0 });
      await bottle.guest.stop();
      await bottle.guest.collect();
      if (bottle.spec.workspace.kind !== "folder") throw new Error("a folder was asked for");
      const { path } = bottle.spec.workspace;
      expect((await readdir(path)).sort()).toEqual(["closed", "d", "kept", "run", "same"]);
      expect(spawnSync("find", [path, "-perm", "/6000"], { encoding: "utf8" }).stdout).toBe("");
      expect(await readdir(outside)).toEqual([]);
    } finally {
      await bottle.close();
    }
  });

  test("a workspace that became a link to elsewhere brings back nothing of the host", async () => {
    const bottle = await openDockerBottle({ files: { kept: "kept" } });
    try {
      await bottle.run(["sh", "-c", "cd ~ && rm -r workspace && ln -s /etc workspace"], { cwd: "/" });
      await bottle.guest.stop();
      await bottle.guest.collect();
      if (bottle.spec.workspace.kind !== "folder") throw new Error("a folder was asked for");
      const passwd = await readFile(join(bottle.spec.workspace.path, "passwd"), "utf8").catch(() => "");
      expect(passwd).not.toBe(await readFile("/etc/passwd", "utf8"));
    } finally {
      await bottle.close();
    }
  });
});
