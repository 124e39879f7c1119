import { describe, expect, test } from "vitest";
import { findEngine, makeProbe } from "./probe.ts";

const failed = (stderr: string, stdout = "") => ({ exit: { kind: "code", code: 1 } as const, stdout, stderr });
const engine = (version: string) => ({
  ...failed(""),
  stdout: JSON.stringify({ ServerVersion: version, Name: "h", SecurityOptions: ["name=seccomp,profile=default"] }),
});

describe("findEngine tells apart", () => {
  test.each([
    ["no command", "linux", undefined, "command", /apt-get install docker/],
    ["no command on macOS", "darwin", undefined, "command", /Docker Desktop/],
    [
      "no engine",
      "linux",
      failed(
        "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      ),
      "engine",
      /start/,
    ],
    [
      "no permission",
      "linux",
      failed("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"),
      "permission",
      /usermod/,
    ],
    ["an engine that is too old", "linux", engine("19.03.15"), "engine", /update/],
    [
      "an error told on standard output",
      "darwin",
      failed("", '{"ServerErrors":["Cannot connect to the Docker daemon"]}'),
      "engine",
      /start|open/,
    ],
  ] as const)("%s", (_what, platform, info, name, fix) => {
    const found = findEngine("docker", platform, info);
    expect(found).toMatchObject({ kind: "none", check: { name, outcome: "failed", fix: expect.stringMatching(fix) } });
  });

  test("an engine, warnings beside it or not", () => {
    const found = findEngine("docker", "linux", { ...engine("20.10.24"), stderr: "WARNING: No swap limit support" });
    expect(found).toMatchObject({ kind: "engine", facts: { version: "20.10.24" } });
  });

  test("podman has numbers of its own", () => {
    const info = { ...failed(""), stdout: JSON.stringify({ host: { hostname: "h" }, version: { Version: "3.4.4" } }) };
    expect(findEngine("podman", "linux", info)).toMatchObject({ kind: "none" });
  });
});

describe("makeProbe", () => {
  const found = findEngine("docker", "linux", engine("28.5.2"));
  if (found.kind !== "engine") throw new Error("an engine was given");

  test("says whether gVisor is used", () => {
    expect(makeProbe("docker", found.facts, { kind: "works" }).strength).toContain("gVisor");
    const broken = makeProbe("docker", found.facts, { kind: "broken", why: "it hangs" });
    expect(broken.strength).toContain("registered and does not work");
    expect(broken.checks.find(({ name }) => name === "gVisor")).toMatchObject({
      outcome: "warning",
      detail: expect.stringContaining("it hangs"),
    });
  });

  test("says what does not hold", () => {
    const probe = makeProbe("docker", { ...found.facts, memoryLimit: false, seccomp: false }, { kind: "none" });
    expect(probe.limits.heldBy).toBe("nothing");
    expect(probe.strength).toContain("no seccomp");
  });
});
