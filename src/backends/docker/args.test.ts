import { describe, expect, test } from "vitest";
import type { Slug } from "../../base/ids.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { GuestSpec } from "../backend.ts";
import { LAUNCHER } from "../launcher.ts";
import { makeExecArgs, makeRunArgs } from "./args.ts";
import { type ContainerParts, makeContainerForm } from "./container-form.ts";
import { makeCreateBody, makeExecBody } from "./socket/create-body.ts";

const spec: GuestSpec = {
  slug: "dev-abcde" as Slug,
  layout: { ...GUEST_LAYOUT, hostname: "dev-abcde" },
  homeFolder: "/s/home",
  workspace: { kind: "folder", path: "/s/workspace" },
  scratch: "/s/scratch",
  limits: { pids: 256, cpus: 1.5, memoryBytes: 1024 ** 3, timeMs: undefined, heldBy: "cgroup", why: undefined },
  tools: [],
};

const parts: ContainerParts = {
  name: "bot-bottle-dev-abcde",
  volume: "bot-bottle-dev-abcde-x",
  mark: "0123456789abcdef",
  labelsVolumes: true,
  image: "sha256:1",
  user: "1000:1000",
  runtime: undefined,
  mounts: [{ source: "/s/a,b", target: "/run/bottle", readOnly: true }],
  ownFolders: [],
  node: "node",
  program: "PROGRAM",
};

const runArgs = (more: GuestSpec, form: ContainerParts) => makeRunArgs(makeContainerForm(more, form));

describe("the words of docker run", () => {
  test("hold everything that isolates", () => {
    expect(runArgs(spec, parts).join(" ")).toMatchInlineSnapshot(
      `"run --interactive --pull never --name bot-bottle-dev-abcde --hostname dev-abcde --label bot-bottle.slug=dev-abcde --label bot-bottle.home=0123456789abcdef --label bot-bottle.workspace=/s/workspace --network none --ipc private --init --log-driver none --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges --read-only --pids-limit 280 --ulimit core=0:0 --memory 1073741824 --memory-swap 1073741824 --cpus 1.5 --mount type=volume,source=bot-bottle-dev-abcde-x,target=/home/node,volume-label=bot-bottle.slug=dev-abcde,volume-label=bot-bottle.home=0123456789abcdef --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=536870912 --tmpfs /run:rw,noexec,nosuid,nodev,mode=755,size=16777216 --mount type=bind,"source=/s/a,b",target=/run/bottle,readonly --env HTTP_PROXY= --env http_proxy= --env HTTPS_PROXY= --env https_proxy= --env FTP_PROXY= --env ftp_proxy= --env ALL_PROXY= --env all_proxy= --env NO_PROXY= --env no_proxy= --workdir / --entrypoint sh sha256:1 -c printf '\\013\\000\\000\\000\\000\\000\\000\\000\\000'; exec "$0" -e "$1" node PROGRAM"`,
    );
  });

  test("name a runtime and folders in memory only where there are any", () => {
    const words = runArgs(spec, { ...parts, runtime: "runsc", ownFolders: ["/etc/bot-bottle"] }).join(" ");
    expect(words).toContain("--runtime runsc");
    expect(words).toContain("/etc/bot-bottle:rw,noexec,nosuid,nodev,mode=755,uid=1000,gid=1000");
    const free = { ...spec, limits: { ...spec.limits, memoryBytes: undefined, cpus: undefined } };
    expect(runArgs(free, parts).join(" ")).not.toMatch(/--memory|--cpus|--runtime/);
    expect(runArgs(spec, { ...parts, labelsVolumes: false }).join(" ")).not.toContain("volume-label");
  });
});

describe("the words of docker exec", () => {
  const exec = { name: "c", user: "1000:1000", mark: "m", path: { before: "/t:", after: ":/b" } };

  test("start a launcher, and say nothing of the command or its variables", () => {
    const words = makeExecArgs({ ...exec, terminal: undefined });
    expect(words).toEqual([
      ...["exec", "--interactive", "--user", "1000:1000", "--workdir", "/", "--env", "BOTTLE_COMMAND=m", "c"],
      ...["sh", "-c", LAUNCHER, "bottle", "m", "/t:", ":/b", "0", "0"],
    ]);
  });

  test("take no key from whoever types", () => {
    const words = makeExecArgs({ ...exec, terminal: { columns: 80, rows: 24 } });
    expect(words).toContain("--tty");
    expect(words[words.indexOf("--detach-keys") + 1]?.split(",").length).toBeGreaterThan(6);
  });
});

describe("what the engine itself is told", () => {
  test("holds everything that isolates", () => {
    const form = makeContainerForm(spec, { ...parts, runtime: "runsc" });
    expect(makeCreateBody(form)).toMatchObject({
      Image: "sha256:1",
      User: "1000:1000",
      Env: expect.arrayContaining(["HTTPS_PROXY=", "https_proxy="]),
      HostConfig: {
        Runtime: "runsc",
        NetworkMode: "none",
        IpcMode: "private",
        Init: true,
        LogConfig: { Type: "none" },
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        ReadonlyRootfs: true,
        PidsLimit: 280,
        Memory: 1024 ** 3,
        MemorySwap: 1024 ** 3,
        NanoCpus: 1_500_000_000,
        Mounts: [
          { Type: "volume", VolumeOptions: { Labels: { "bot-bottle.slug": "dev-abcde" } } },
          { Type: "bind", Source: "/s/a,b", Target: "/run/bottle", ReadOnly: true },
        ],
      },
    });
  });

  test("spares the engine a network only where the file of names is ours, and nobody else makes the loopback", () => {
    const hosts = { source: "/s/hosts", target: "/etc/hosts", readOnly: true };
    const body = (more: Partial<ContainerParts>) => makeCreateBody(makeContainerForm(spec, { ...parts, ...more }));
    expect(body({ mounts: [hosts] })).toMatchObject({ NetworkDisabled: true, HostConfig: { NetworkMode: "none" } });
    for (const more of [{}, { mounts: [hosts], runtime: "runsc" }]) {
      expect(body(more)).toMatchObject({ HostConfig: { NetworkMode: "none" } });
      expect(body(more)).not.toHaveProperty("NetworkDisabled");
    }
  });

  test("says nothing of a command or its variables, and takes no key from whoever types", () => {
    const exec = { name: "c", user: "1000:1000", mark: "m", path: { before: "/t:", after: ":/b" } };
    expect(makeExecBody({ ...exec, terminal: undefined })).toEqual({
      ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, User: "1000:1000", WorkingDir: "/" },
      Env: ["BOTTLE_COMMAND=m"],
      Cmd: ["sh", "-c", LAUNCHER, "bottle", "m", "/t:", ":/b", "0", "0"],
    });
    const body = makeExecBody({ ...exec, terminal: { columns: 80, rows: 24 } });
    expect(body).toMatchObject({ Tty: true, DetachKeys: expect.stringMatching(/^(ctrl-.,){6}/) });
  });
});
