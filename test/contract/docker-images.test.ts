import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBase36 } from "../../src/base/ids.ts";
import { run } from "../../src/base/process.ts";
import { buildImage } from "../../src/images/build-image.ts";
import { containerExists, removeContainer, runAsRoot } from "../../src/images/containers.ts";
import { mustRun, openEngine } from "../../src/images/engine.ts";
import { findImage } from "../../src/images/find-image.ts";
import { listOwnImages, removeImage, tagImage } from "../../src/images/own-images.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";

const { id: base, why } = findBaseImage();
const NO_BUILDKIT = "no BuildKit: install the docker command's buildx plug-in, or Debian's docker.io";

/** Both builders; the newer one needs a plug-in of its own, or Debian's older command, which has it inside. */
const BUILDERS = [
  { name: "the classic builder", env: { DOCKER_BUILDKIT: "0" } },
  { name: "BuildKit", env: findBuildKit() },
];

function findBuildKit(): Readonly<Record<string, string>> | undefined {
  const found = ["docker", "/usr/bin/docker"].find((command) => {
    const env = { ...process.env, DOCKER_BUILDKIT: "1" };
    const input = `FROM ${BASE_IMAGE}\n`;
    return spawnSync(command, ["build", "--quiet", "-"], { env, input }).status === 0;
  });
  if (found === undefined && base !== undefined && process.env["CI"] === "true") throw new Error(NO_BUILDKIT);
  return found === undefined ? undefined : { DOCKER_BUILDKIT: "1", BOTTLE_DOCKER: found };
}

describe.each(BUILDERS)("images of a real engine: $name", ({ env }) => {
  const whyNot = base === undefined ? why : env === undefined ? NO_BUILDKIT : "";
  if (whyNot !== "") {
    test.skip(whyNot, () => {});
    return;
  }
  const engine = openEngine({ ...process.env, ...env }, run);
  const tag = `bot-bottle-test/${randomBase36(8)}`;
  let folder: string;
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const build = (name: string, lines: string[] = []) =>
    buildImage(
      engine,
      { dockerfile: join(folder, name), context: folder, tag: `${tag}-${name.toLowerCase()}`, args: {} },
      { signal: undefined, onLine: (line) => void lines.push(line) },
    );
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bottle-images-"));
  });
  afterAll(async () => {
    for (const image of await listOwnImages(engine)) {
      if (image.tags.some((name) => name.startsWith(tag)) || image.tags.length === 0)
        await removeImage(engine, image.id);
    }
    await rm(folder, { recursive: true, force: true });
  });

  test("an unchanged build gives the same image, an edited Dockerfile another, one folder holds several", async () => {
    await write("one", `FROM ${BASE_IMAGE}\nRUN echo first >/made\n`);
    await write("two", `FROM ${BASE_IMAGE}\nCOPY one /copied\n`);
    const lines: string[] = [];
    const [first, two] = [await build("one", lines), await build("two")];
    expect(lines.join("\n")).toMatch(/RUN echo first[\s\S]*[0-9a-f]{12}/);
    expect(await build("one")).toBe(first);
    expect(two).not.toBe(first);
    await write("one", `FROM ${BASE_IMAGE}\nRUN echo second >/made\n`);
    const edited = await build("one");
    expect(edited).not.toBe(first);
    expect(await findImage(engine, `${tag}-one`)).toBe(edited);
    expect((await listOwnImages(engine)).map(({ id }) => id)).toEqual(expect.arrayContaining([first, edited, two]));
  });

  test.each([
    ["syntax", "FROM scratch\nRUNN true\n", /RUNN|unknown instruction/],
    ["failing", `FROM ${BASE_IMAGE}\nRUN echo told >&2; exit 3\n`, /RUN echo told.*[\s\S]*\btold$[\s\S]*code: 3/m],
    ["nobase", "FROM no-such-image-of-anybody:1\nRUN true\n", /no-such-image-of-anybody/],
    ["full", `FROM ${BASE_IMAGE}\nRUN echo "write /x: no space left on device" >&2; exit 1\n`, /no space left/],
  ])("a Dockerfile that does not build (%s) fails in the builder's own words", async (name, text, words) => {
    await write(name, text);
    await expect(build(name)).rejects.toMatchObject({
      code: "image/build-failed",
      message: expect.stringMatching(words),
      hint: expect.stringMatching(/./),
    });
  });

  test("a name is found exactly, given and taken; twice is no error", async () => {
    await tagImage(engine, await build("two"), `${tag}-more:v1`);
    expect(await findImage(engine, `${tag}-more:v1`)).toMatch(/^sha256:/);
    expect(await findImage(engine, `${tag}-more`)).toBeUndefined();
    await removeImage(engine, `${tag}-more:v1`);
    await removeImage(engine, `${tag}-more:v1`);
    expect(await findImage(engine, `${tag}-more:v1`)).toBeUndefined();
  });

  test("a container is found by its whole name, prepared as root, and removed; twice is no error", async () => {
    const name = `bot-bottle-test-${randomBase36(8)}`;
    await mustRun(engine, "x", ["run", "--detach", "--name", name, "--user", "1000", BASE_IMAGE, "sleep", "1000"]);
    try {
      expect(await containerExists(engine, name)).toBe(true);
      expect(await containerExists(engine, name.slice(0, -1))).toBe(false);
      const id = await mustRun(engine, "x", ["container", "inspect", "--format", "{{.Id}}", name]);
      expect(await containerExists(engine, id.slice(0, 12))).toBe(false);
      expect(await runAsRoot(engine, name, ["id", "-u"])).toBe("0");
      await expect(runAsRoot(engine, name, ["false"])).rejects.toMatchObject({ code: "image/engine-failed" });
    } finally {
      await removeContainer(engine, name);
      await removeContainer(engine, name);
    }
    expect(await containerExists(engine, name)).toBe(false);
  });
});

describe.skipIf(base === undefined)(
  `an image whose builder tells no id, or one that the engine does not know${why && `: ${why}`}`,
  () => {
    const tag = `bot-bottle-test/${randomBase36(8)}`;
    afterAll(() => removeImage(openEngine(process.env, run), tag));

    /** The engine's command, which after a build writes this where the id is told, as the builders of other engines do. */
    const buildTelling = async (told: string) => {
      const folder = await mkdtemp(join(tmpdir(), "bottle-images-"));
      try {
        const command = join(folder, "docker");
        const tell = `if [ "$1" = build ]; then while [ "$1" != --iidfile ]; do shift; done; printf %s "${told}" >"$2"; fi`;
        await writeFile(command, `#!/bin/sh\ndocker "$@" || exit\n${tell}\n`, { mode: 0o755 });
        await writeFile(join(folder, "Dockerfile"), `FROM ${BASE_IMAGE}\n`);
        const engine = openEngine({ ...process.env, BOTTLE_DOCKER: command }, run);
        const recipe = { dockerfile: join(folder, "Dockerfile"), context: folder, tag, args: {} };
        const built = await buildImage(engine, recipe, { signal: undefined, onLine: undefined });
        return { built, known: await findImage(engine, tag) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    };

    test.each([
      ["none", ""],
      ["another digest", `sha256:${"0".repeat(64)}`],
    ])("(%s) is known by its name", async (_, told) => {
      const { built, known } = await buildTelling(told);
      expect(built).toBe(known);
    });
  },
);
