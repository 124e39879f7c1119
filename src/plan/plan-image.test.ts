import { describe, expect, test } from "vitest";
import type { BottleError } from "../base/errors.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HandOverName } from "./hand-over.ts";
import type { HostFacts } from "./host-facts.ts";
import { planImage } from "./plan-image.ts";

function plan(provider: Partial<Bottle["provider"]>, facts: Partial<HostFacts> = {}, handOver?: HandOverName) {
  const refused: BottleError[] = [];
  const bottle = {
    names: ["dev"],
    provider: { template: "shell", dockerfile: undefined, ...provider },
  } as unknown as Bottle;
  const all = { backend: { name: "docker" }, imagesFolder: "/lib/images", repository: "/repo", ...facts } as HostFacts;
  const input = { bottle, facts: all, request: { handOver }, config: { registryImage: "registry@sha256:1" } };
  const image = planImage(input, (error) => void refused.push(error));
  return { image, refused: refused.map(({ message }) => message) };
}

describe("planImage", () => {
  test("takes the image of the agent", () => {
    expect(plan({ template: "claude" }).image).toEqual({
      dockerfile: "/lib/images/claude/Dockerfile",
      context: "/lib/images/claude",
      tag: "bot-bottle/claude",
    });
  });

  test("takes the bottle's own, of the operator or of the repository", () => {
    expect(plan({ dockerfile: "/home/me/d/Dockerfile.dev" }).image).toMatchObject({ context: "/home/me/d" });
    expect(plan({ dockerfile: "ci/Dockerfile" }).image).toEqual({
      dockerfile: "/repo/ci/Dockerfile",
      context: "/repo",
      tag: "bot-bottle/bottle-dev",
    });
  });

  const machines = { backend: { name: "smolmachines" } } as HostFacts;
  test.each([
    [undefined, { kind: "archive" }],
    ["archive", { kind: "archive" }],
    ["registry", { kind: "registry" }],
    ["push", { kind: "push", image: "registry@sha256:1" }],
  ] as const)("machines get it by %s", (asked, handOver) => {
    expect(plan({}, machines, asked).image).toMatchObject({ tag: "bot-bottle/shell", handOver });
  });

  test("what is for machines only is refused elsewhere, and says so", () => {
    for (const name of ["docker", "local"] as const) {
      const { refused } = plan({}, { backend: { name } } as HostFacts, "registry");
      expect(refused).toEqual([`--hand-over is for machines, and the backend is ${name}`]);
    }
    expect(plan({}).image).not.toHaveProperty("handOver");
  });

  test("says what is missing", () => {
    expect(plan({ dockerfile: "Dockerfile" }, { repository: undefined }).refused).toHaveLength(1);
    expect(plan({ template: "mine" }).refused).toEqual(["there is no image for mine"]);
  });

  test("a backend without images has none, and refuses a Dockerfile", () => {
    const local = { backend: { name: "local" } } as Partial<HostFacts>;
    expect(plan({ template: "claude" }, local)).toEqual({ image: undefined, refused: [] });
    expect(plan({ dockerfile: "/d" }, local).refused).toHaveLength(1);
  });
});
