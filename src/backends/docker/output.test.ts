import { describe, expect, test } from "vitest";
import { explainMark, parseExit } from "../launch-result.ts";
import { isNameTaken, parseEngineFacts, parseGuests } from "./output.ts";

describe("what an engine says", () => {
  test("about itself", () => {
    const info = {
      ...{ ID: "A:B", ServerVersion: "20.10.24+dfsg1", Name: "host", OperatingSystem: "Debian", MemoryLimit: true },
      Runtimes: { runc: { path: "runc" }, runsc: { path: "/usr/bin/runsc", runtimeArgs: ["--network=none"] } },
      SecurityOptions: ["name=apparmor", "name=seccomp,profile=default"],
    };
    const facts = parseEngineFacts(JSON.stringify(info));
    expect(facts).toMatchObject({
      id: "A:B",
      version: "20.10.24+dfsg1",
      machine: "host",
      seccomp: true,
      pidsLimit: true,
      isPodman: false,
    });
    expect(facts?.runtimes.get("runsc")).toContain("--network=none");
    const open = { ...info, SecurityOptions: ["name=seccomp,profile=unconfined"], MemoryLimit: false };
    expect(parseEngineFacts(JSON.stringify(open))).toMatchObject({ seccomp: false, memoryLimit: false });
  });

  test("as podman", () => {
    const info = {
      host: {
        hostname: "h",
        distribution: { distribution: "fedora", version: "41" },
        security: { seccompEnabled: true },
        cgroupControllers: ["memory", "pids"],
      },
      version: { Version: "4.3.1" },
    };
    expect(parseEngineFacts(JSON.stringify(info))).toMatchObject({
      version: "4.3.1",
      isPodman: true,
      seccomp: true,
      cpuLimit: false,
      system: "fedora 41",
    });
  });

  test.each(["", "null", "[]", '{"ServerVersion":""}', '{"ClientInfo":{},"ServerErrors":["x"]}', "WARNING: x"])(
    "%j is no engine",
    (text) => expect(parseEngineFacts(text)).toBeUndefined(),
  );

  test("about guests, of which only slugs are ours", () => {
    const refs = parseGuests("dev-abcde\tbot-bottle-dev-abcde\nBAD\tx\n\tunlabelled\n", "container");
    expect(refs).toEqual([{ backend: "docker", slug: "dev-abcde", detail: "container bot-bottle-dev-abcde" }]);
  });

  test("about a name", () => {
    const words = `docker: Error response from daemon: Conflict. The container name "/x" is already in use by container "1".`;
    expect(isNameTaken(words)).toBe(true);
    expect(isNameTaken("No such image: x")).toBe(false);
  });
});

test.each([
  [0, { kind: "code", code: 0 }],
  [126, { kind: "code", code: 126 }],
  [128, { kind: "code", code: 128 }],
  [137, { kind: "signal", signal: "SIGKILL" }],
  [143, { kind: "signal", signal: "SIGTERM" }],
  [255, { kind: "code", code: 255 }],
])("exit %i", (code, exit) => expect(parseExit({ kind: "code", code })).toEqual(exit));

test("what the launcher says", () => {
  expect(explainMark("not-found", "x", "/")).toMatchObject({ code: "launch/command-not-found" });
  expect(explainMark("not-executable", "x", "/")).toMatchObject({ code: "launch/command-not-executable" });
  expect(explainMark("no-folder", "x", "/w")?.message).toContain("/w");
  expect(explainMark("12", "x", "/")).toBeUndefined();
});
