import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDockerBackend } from "../../src/backends/docker/docker-backend.ts";
import { makeOwnerMark } from "../../src/backends/labels.ts";
import { randomBase36 } from "../../src/base/ids.ts";
import { run } from "../../src/base/process.ts";
import { openEngine } from "../../src/images/engine.ts";
import { removeImage } from "../../src/images/own-images.ts";
import { findBaseImage, makeDockerSetup, openDockerBottle } from "../fixtures/docker-bottle.ts";
import { makeTestFolder } from "../fixtures/local-bottle.ts";
import { openOwnEngine, whyNoOwnEngine } from "../fixtures/own-engine.ts";

const BUSYBOX = "/bin/busybox";
const { id, why } = findBaseImage();
const whyNoSmallImage = existsSync(BUSYBOX) ? undefined : "no busybox: apt-get install busybox-static";
if (whyNoSmallImage !== undefined && process.env["CI"] === "true") throw new Error(whyNoSmallImage);

/** An image of one program that needs no C library, and has none. */
async function importSmallImage(name: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bottle-small-"));
  try {
    for (const part of ["bin", "etc", "home/node"]) await mkdir(join(folder, part), { recursive: true });
    spawnSync("cp", [BUSYBOX, join(folder, "bin/busybox")]);
    for (const tool of ["sh", "tar", "stat", "grep", "dd"]) await symlink("busybox", join(folder, "bin", tool));
    const script = `tar -C "$1" -c . | docker import - "$2"`;
    const { stdout, stderr } = spawnSync("sh", ["-c", script, "sh", folder, name], { encoding: "utf8", env });
    if (!stdout.startsWith("sha256:")) throw new Error(stderr);
    return stdout.trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an engine was not told, and what it was told to be nothing, are the same. */
function dropEmpty(_key: string, value: unknown): unknown {
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty || !value ? undefined : value;
}

describe.skipIf(id === undefined)(`a container at the edges${why && `: ${why}`}`, () => {
  test("two of one name at once get two names, and neither takes what is the other's", async () => {
    const slug = `edges-${randomBase36(5)}`;
    const open = () => openDockerBottle({ change: (spec) => ({ ...spec, slug: slug as typeof spec.slug }) });
    const bottles = await Promise.all([open(), open()]);
    try {
      const names = bottles.map(({ guest }) => guest.ref.detail).sort();
      expect(names).toEqual([`container bot-bottle-${slug}`, `container bot-bottle-${slug}-2`]);
      for (const [index, bottle] of bottles.entries()) await bottle.run(["sh", "-c", `echo ${index} >~/mine`]);
      const said = await Promise.all(bottles.map((bottle) => bottle.run(["sh", "-c", "cat ~/mine"])));
      expect(said.map(({ stdout }) => stdout)).toEqual(["0\n", "1\n"]);
    } finally {
      await Promise.all(bottles.map((bottle) => bottle.close()));
    }
    const left = ["ps --all --quiet", "volume ls --quiet"].map(
      (words) => spawnSync("docker", [...words.split(" "), "--filter", `label=bot-bottle.slug=${slug}`]).stdout.length,
    );
    expect(left).toEqual([0, 0]);
  });

  test("a variable may be as long as Linux lets it be, also on a terminal, and one that is longer is named", async () => {
    const bottle = await openDockerBottle();
    try {
      const value = "0123456789 '\"\\\n".repeat(8_500); // 127,500 bytes
      const argv = ["sh", "-c", 'printf %s "$LONG" | cksum'];
      const sum = spawnSync("cksum", { input: value, encoding: "utf8" }).stdout;
      const { guest, spec } = bottle;
      const command = { argv, env: new Map([["LONG", value]]), cwd: spec.layout.workspace, terminal: undefined };
      for (const terminal of [undefined, { columns: 80, rows: 24, term: "xterm" }]) {
        const one = await guest.exec({ ...command, terminal });
        const output = one.kind === "pipes" ? one.stdout : one.terminal.output;
        let said = "";
        output.on("data", (chunk: Buffer) => {
          said += chunk.toString("utf8");
        });
        await one.exit;
        expect(said.replace("\r", "")).toBe(sum);
      }
      const longer = guest.exec({ ...command, env: new Map([["LONG", "x".repeat(131_072)]]) });
      await expect(longer).rejects.toMatchObject({ message: expect.stringContaining("LONG is too long") });
    } finally {
      await bottle.close();
    }
  });

  test("the engine's command and its socket make the same container", async () => {
    const inspect = async (calls: string | undefined) => {
      const limits = { pids: 100, cpus: 0.5, memoryBytes: 256 * 1024 * 1024, timeMs: undefined } as const;
      const bottle = await openDockerBottle({
        setup: { calls },
        link: ["egress"],
        change: (spec) => ({ ...spec, limits: { ...spec.limits, ...limits } }),
      });
      try {
        const [, container = ""] = bottle.guest.ref.detail.split(" ");
        const { stdout } = spawnSync("docker", ["inspect", container], { encoding: "utf8" });
        const text = stdout
          .replaceAll(bottle.spec.slug, "SLUG")
          .replaceAll(bottle.folder, "FOLDER")
          .replaceAll(makeOwnerMark(bottle.folder, process.getuid?.() ?? -1), "HOME")
          .replaceAll(/SLUG-[a-z0-9]{8}/g, "VOLUME");
        const [{ Config: config, HostConfig: host }] = JSON.parse(text, dropEmpty);
        // where the command says a default, the socket says nothing
        const { RestartPolicy: policy = { Name: "no" }, ConsoleSize: _size, ...rest } = host;
        return { ...config, Env: [...config.Env].sort(), ...rest, policy };
      } finally {
        await bottle.close();
      }
    };
    const [bySocket, byCommand] = [await inspect(undefined), await inspect("command")];
    const { NetworkDisabled: isUnplugged, ...same } = bySocket; // the command has no word for it
    expect(same).toEqual(byCommand);
    expect(isUnplugged).toBe(true);
    expect(bySocket).toMatchObject({ NetworkMode: "none", CapDrop: ["ALL"], ReadonlyRootfs: true, Memory: 268435456 });
  });

  test("a whole bottle that ends because memory ran out is told as that, with the key that raises the limit", async () => {
    const bottle = await openDockerBottle({ limits: { memoryBytes: 96 * 1024 * 1024 } });
    try {
      // files in memory go with no process: every one is killed, the main process too
      const fill = "for f in /tmp /dev/shm; do dd if=/dev/zero of=$f/full bs=1M & done 2>/dev/null; wait; sleep 1000";
      const { exit } = await bottle.run(["sh", "-c", fill]);
      expect(exit).toEqual({ kind: "signal", signal: "SIGKILL" });
      expect(await bottle.guest.explainKill?.()).toMatch(/memory ran out: more than the 96 MiB of `resources\.memory`/);
      const [, name = ""] = bottle.guest.ref.detail.split(" ");
      const state = spawnSync("docker", [
        "inspect",
        "--format",
        "{{.State.Running}} {{.State.OOMKilled}}",
        name,
      ]).stdout;
      expect(state.toString()).toBe("false true\n");
    } finally {
      await bottle.close();
    }
  });

  test("a command is told to have ended for memory when it did, and not because memory ran out before", async () => {
    const bottle = await openDockerBottle({ limits: { memoryBytes: 96 * 1024 * 1024 } });
    const grow = "node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))'";
    const killed = { kind: "signal", signal: "SIGKILL" };
    try {
      // it outlives the program that it started, and is ended later for no such reason
      const outlived = await bottle.run(["sh", "-c", `${grow}; echo $?; sleep 2; kill -9 $$`]);
      expect(outlived).toMatchObject({ exit: killed, stdout: "137\n" });
      expect(await bottle.guest.explainKill?.()).toBeUndefined();
      expect((await bottle.run(["sh", "-c", `exec ${grow}`])).exit).toEqual(killed);
      expect(await bottle.guest.explainKill?.()).toMatch(/memory ran out/);
      expect((await bottle.run(["sh", "-c", "kill -9 $$"])).exit).toEqual(killed);
      expect(await bottle.guest.explainKill?.()).toBeUndefined();
    } finally {
      await bottle.close();
    }
  });

  test("an image that is gone before its container is made is told as that, and nothing is left", async () => {
    const gone = `sha256:${"0".repeat(64)}`;
    await expect(openDockerBottle({ image: gone })).rejects.toMatchObject({
      code: "image/engine-failed",
      message: expect.stringMatching(/no such image|unable to find image/i),
    });
  });

  test("an expectation that does not come true leaves one container, of what was built", async () => {
    const base = id ?? "";
    const name = `bot-bottle-test/${randomBase36(8)}`;
    const input = `FROM ${base}\nLABEL made=${name}\n`;
    const built = spawnSync("docker", ["build", "--quiet", "--tag", name, "-"], {
      input,
      encoding: "utf8",
    }).stdout.trim();
    const prepare = async () => ({ image: built });
    try {
      const bottle = await openDockerBottle({ change: (spec) => ({ ...spec, image: base, prepare }) });
      const container = bottle.guest.ref.detail.split(" ")[1] ?? "";
      expect(container).toBe(`bot-bottle-${bottle.spec.slug}`);
      const used = spawnSync("docker", ["inspect", "--format", "{{.Image}}", container], { encoding: "utf8" });
      expect(used.stdout.trim()).toBe(built);
      const volumes = ["volume", "ls", "--quiet", "--filter", `label=bot-bottle.slug=${bottle.spec.slug}`];
      expect(spawnSync("docker", volumes, { encoding: "utf8" }).stdout.trim().split("\n")).toHaveLength(1);
      await bottle.close();
      const failing = async () => Promise.reject(new Error("does not build"));
      const failed = openDockerBottle({ change: (spec) => ({ ...spec, image: base, prepare: failing }) });
      await expect(failed).rejects.toThrow("does not build");
    } finally {
      await removeImage(openEngine(process.env, run), name);
    }
  });
});

describe.skipIf(id === undefined || whyNoSmallImage !== undefined)(
  `an image without a C library${whyNoSmallImage === undefined ? "" : `: ${whyNoSmallImage}`}`,
  () => {
    const name = `bot-bottle-test/${randomBase36(8)}`;
    let image: string;
    beforeAll(async () => {
      image = await importSmallImage(name, process.env);
    });
    afterAll(() => removeImage(openEngine(process.env, run), name));

    test("cannot run our Node, and is refused with that reason before a container is made of it", async () => {
      await expect(openDockerBottle({ image })).rejects.toMatchObject({
        code: "image/not-usable",
        message: expect.stringMatching(/has no Node 18 or newer.*does not run on its C library/s),
        hint: expect.stringContaining("install Node in its Dockerfile"),
      });
      await expect(openDockerBottle({ image, setup: { link: "remote" } })).rejects.toMatchObject({
        code: "image/not-usable",
        message: expect.stringContaining("this engine cannot be given ours"),
      });
    });
  },
);

const whyNoFullDisk = whyNoOwnEngine() ?? whyNoSmallImage;

describe.skipIf(whyNoFullDisk !== undefined)(
  `an engine whose disk is full${whyNoFullDisk === undefined ? "" : `: ${whyNoFullDisk}`}`,
  () => {
    test("is told as that, with the command that makes room", async () => {
      const engine = await openOwnEngine({}, { diskBytes: 48 * 1024 * 1024 });
      const folder = await makeTestFolder();
      try {
        await importSmallImage("small", engine.env);
        await writeFile(join(folder, "Dockerfile"), "FROM small\nRUN dd if=/dev/zero of=/large bs=1024k count=64\n");
        const backend = makeDockerBackend(makeDockerSetup(folder, { engine: openEngine(engine.env, run) }));
        const recipe = { dockerfile: join(folder, "Dockerfile"), context: folder, tag: "full", args: {} };
        await expect(backend.prepare(recipe, { signal: undefined, onLine: undefined })).rejects.toMatchObject({
          code: "image/build-failed",
          message: expect.stringMatching(/no space left on device/i),
          hint: expect.stringContaining("make room"),
        });
        expect(spawnSync("docker", ["ps", "--all", "--quiet"], { env: engine.env, encoding: "utf8" }).stdout).toBe("");
      } finally {
        await engine.close();
        await rm(folder, { recursive: true, force: true });
      }
    }, 120_000);
  },
);
