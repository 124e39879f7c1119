import { describe, expect, test } from "vitest";
import { makeBuildArgs } from "./build-image.ts";
import { engineWords, explainWords, openEngine } from "./engine.ts";
import { nameCandidates, takeFreeName } from "./free-name.ts";
import { parseImageId, shortImageId } from "./image-id.ts";
import { parseOwnImages } from "./own-images.ts";

const HEX = "0123456789abcdef".repeat(4);

describe("an image's id", () => {
  test("with the prefix or without", () => {
    expect(parseImageId(`sha256:${HEX}\n`)).toBe(`sha256:${HEX}`);
    expect(parseImageId(HEX)).toBe(`sha256:${HEX}`);
    expect(["", "sha256:12", `sha256:${HEX}0`, "latest"].map(parseImageId)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("in short", () => {
    const id = parseImageId(HEX);
    expect(id && shortImageId(id)).toBe("0123456789abcdef");
  });
});

describe("names", () => {
  test("are base, base-2 and so on up to 100", () => {
    const names = nameCandidates("x");
    expect([names.length, names[0], names[1], names[99]]).toEqual([100, "x", "x-2", "x-100"]);
  });

  test("the first that is free is taken", async () => {
    expect(await takeFreeName("x", async (name) => (name === "x-3" ? 7 : "taken"))).toEqual({ name: "x-3", taken: 7 });
    await expect(takeFreeName("x", async () => "taken")).rejects.toMatchObject({ code: "bottle/name-taken" });
  });
});

describe("the engine's words", () => {
  test("without its warnings", () => {
    const stderr = `DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
            Install the buildx component to build images with BuildKit:
            https://docs.docker.com/go/buildx/

WARNING: Localhost DNS
Error response from daemon: dockerfile parse error line 2: unknown instruction: RUNN
See 'docker run --help'.

Run 'docker run --help' for more information
`;
    expect(engineWords(stderr)).toBe("dockerfile parse error line 2: unknown instruction: RUNN");
  });

  test("without the colours that the classic builder gives them", () => {
    expect(engineWords("Step 2/2 : RUN x\n\x1b[91mtold\n\x1b[0m\n")).toBe("Step 2/2 : RUN x\ntold");
  });

  test("have a fix where there is one", () => {
    expect(explainWords("docker", "write /x: no space left on device")).toContain("prune");
    expect(explainWords("docker", "Cannot connect to the Docker daemon at unix:///x")).toContain("DOCKER_HOST");
    const missing = "ERROR: BuildKit is enabled but the buildx component is missing or broken.";
    expect(explainWords("docker", missing)).toContain("DOCKER_BUILDKIT");
    expect(explainWords("docker", "No such image: sha256:0")).toContain("start again");
    expect(explainWords("docker", "unknown instruction")).toBeUndefined();
  });
});

test("the words of a build name file and folder, so that one folder may hold several Dockerfiles", () => {
  const recipe = { dockerfile: "/c/Dockerfile.two", context: "/c", tag: "t", args: { BASE_IMAGE: "b" } };
  expect(makeBuildArgs(recipe, "/tmp/id")).toEqual([
    ...["build", "--force-rm", "--file", "/c/Dockerfile.two", "--tag", "t", "--iidfile", "/tmp/id"],
    ...["--label", "bot-bottle.image=t", "--build-arg", "BASE_IMAGE=b", "/c"],
  ]);
});

test("another command speaks Docker's language when the environment names it", () => {
  const run = () => Promise.reject(new Error("not run"));
  expect(openEngine({ BOTTLE_DOCKER: "podman" }, run).command).toBe("podman");
  expect(openEngine({ BOTTLE_DOCKER: "" }, run).command).toBe("docker");
});

test("what an engine says about images", () => {
  const images = [{ Id: `sha256:${HEX}`, RepoTags: null, Created: "2026", Size: 5 }, { Id: "x" }];
  expect(parseOwnImages(JSON.stringify(images))).toEqual([
    { id: `sha256:${HEX}`, tags: [], created: "2026", bytes: 5 },
  ]);
});
