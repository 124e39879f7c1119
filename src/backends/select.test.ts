import { describe, expect, test } from "vitest";
import { BottleError } from "../base/errors.ts";
import type { BackendName } from "../manifest/bottle.ts";
import type { Backend } from "./backend.ts";
import { selectBackend } from "./select.ts";

const NO_WISH = { flag: undefined, variable: undefined, bottle: undefined, config: undefined };

function fake(name: BackendName, usable: boolean): Backend {
  const check = { name: "x", outcome: "failed", detail: `${name} is broken`, fix: `mend ${name}` } as const;
  return {
    name,
    probe: async () => ({
      backend: name,
      usable,
      strength: undefined,
      limits: { heldBy: "nothing", why: undefined },
      checks: usable ? [] : [check],
    }),
    prepare: async () => ({ image: undefined }),
    create: () => Promise.reject(new Error("not part of this test")),
    list: async () => [],
    remove: async () => {},
  };
}

describe("selectBackend", () => {
  const all = [fake("local", true), fake("docker", true), fake("smolmachines", true)];

  test.each([
    [
      "the flag beats everything",
      { ...NO_WISH, flag: "docker", variable: "local", bottle: "local", config: "local" },
      "docker",
      "--backend",
    ],
    [
      "the variable beats the bottle",
      { ...NO_WISH, variable: "docker", bottle: "local" },
      "docker",
      "BOT_BOTTLE_BACKEND",
    ],
    ["the bottle beats the config", { ...NO_WISH, bottle: "docker", config: "local" }, "docker", "the bottle"],
    ["the config beats the default", { ...NO_WISH, config: "docker" }, "docker", "config.yaml"],
    ["nobody asked", NO_WISH, "local", undefined],
  ] as const)("%s", async (_, wishes, name, because) => {
    const selection = await selectBackend(all, wishes, "linux");
    expect([selection.backend.name, selection.because]).toEqual([name, because]);
  });

  test("macOS prefers the micro-VM", async () => {
    expect((await selectBackend(all, NO_WISH, "darwin")).backend.name).toBe("smolmachines");
  });

  test("on macOS the next one is taken when the first cannot be used", async () => {
    const selection = await selectBackend([fake("smolmachines", false), fake("docker", true)], NO_WISH, "darwin");
    expect(selection.backend.name).toBe("docker");
  });

  test("on Linux containers are offered, never taken by themselves", async () => {
    const error = await selectBackend([fake("local", false), fake("docker", true)], NO_WISH, "linux").catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toContain("local is broken");
    expect(error instanceof BottleError && error.hint).toMatch(/mend local[\s\S]*--backend docker/);
  });

  test("what was asked for is never replaced by something else", async () => {
    const error = await selectBackend(
      [fake("local", true), fake("docker", false)],
      { ...NO_WISH, flag: "docker" },
      "linux",
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BottleError);
    expect(String(error)).toContain("docker is broken");
    expect(error instanceof BottleError && error.hint).toContain("mend docker");
  });

  test("nothing works: every reason is told, with a fix", async () => {
    await expect(selectBackend([fake("local", false), fake("docker", false)], NO_WISH, "linux")).rejects.toThrow(
      /local is broken[\s\S]*docker is broken/,
    );
  });

  test("a wrong variable is told, not ignored", async () => {
    await expect(selectBackend(all, { ...NO_WISH, variable: "podman" }, "linux")).rejects.toThrow(/BOT_BOTTLE_BACKEND/);
  });
});
