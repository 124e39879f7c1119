import { describe, expect, test } from "vitest";
import { parseSlug } from "../../base/ids.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { GuestSpec } from "../backend.ts";
import {
  type MachineParts,
  makeArchiveArgs,
  makeCreateArgs,
  makeDeleteArgs,
  makeExecArgs,
  makeMainArgs,
} from "./args.ts";

const spec: GuestSpec = {
  slug: parseSlug("dev-abc12") ?? expect.fail(),
  layout: { ...GUEST_LAYOUT, hostname: "dev-abc12" },
  homeFolder: "/state/home",
  workspace: { kind: "folder", path: "/state/workspace" },
  scratch: "/state/scratch",
  limits: { pids: 9, memoryBytes: 1.5 * 1024 ** 3, cpus: 1.5, timeMs: undefined, heldBy: "machine", why: undefined },
  tools: [],
};
const parts: MachineParts = {
  name: "bb-dev-abc12",
  artifact: "/cache/0123-x64-archive-v1.tar",
  mark: "feed",
  user: "1000:1000",
  sockets: { folder: "/state/scratch/link", names: ["probe", "control", "9099"] },
  folders: [{ source: "/state/files", target: "/etc/bot-bottle", readOnly: true }],
  program: "PROGRAM",
};

describe("words of smolvm", () => {
  test("a machine has labels, sockets, folders and a workload of ours, and no word about a network", () => {
    const args = makeCreateArgs(spec, parts);
    expect(args).toEqual([
      ...["machine", "create", "--name", "bb-dev-abc12", "--image", "/cache/0123-x64-archive-v1.tar"],
      ...["--cpus", "2", "--mem", "1536"],
      ...["--label", "bot-bottle.slug=dev-abc12", "--label", "bot-bottle.home=feed"],
      ...["--label", "bot-bottle.workspace=/state/workspace"],
      ...["--mount-socket", "/state/scratch/link/probe:/run/bottle/probe"],
      ...["--mount-socket", "/state/scratch/link/control:/run/bottle/control"],
      ...["--mount-socket", "/state/scratch/link/9099:/run/bottle/9099"],
      ...["--volume", "/state/files:/etc/bot-bottle:ro", "--user", "1000:1000"],
      ...["--", "node", "-e", "PROGRAM", "/run/bottle/control"],
    ]);
    expect(args.join(" ")).not.toMatch(/--net\b|--network|--allow|--port|-p /);
  });

  test("a pack is taken from, a version without users is not told one, an empty form has the defaults", () => {
    const bare = {
      ...spec,
      workspace: { kind: "none" as const },
      limits: { ...spec.limits, memoryBytes: undefined, cpus: undefined },
    };
    const args = makeCreateArgs(bare, { ...parts, artifact: "/cache/x.smolmachine", user: undefined });
    expect(args.slice(4, 10)).toEqual(["--from", "/cache/x.smolmachine", "--cpus", "4", "--mem", "8192"]);
    expect(args).not.toContain("--user");
  });

  test("without sockets nothing is opened instead: the main process comes over the streams of a command", () => {
    const args = makeCreateArgs(spec, { ...parts, sockets: undefined });
    expect(args.slice(-3)).toEqual(["--", "sleep", "infinity"]);
    expect(args.join(" ")).not.toMatch(/--mount-socket|--net\b|--network|--allow|--port|-p /);
    expect(makeMainArgs("n", "1000:1000", "PROGRAM")).toEqual([
      ...["machine", "exec", "--name", "n", "-i", "--user", "1000:1000", "--", "node", "-e", "PROGRAM", "-"],
    ]);
  });

  test("a launcher is started with a mark and nothing of its command", () => {
    const args = makeExecArgs({
      name: "n",
      user: "1000:1000",
      mark: "cafe",
      terminal: { columns: 80, rows: 24 },
      path: { before: "", after: ":/home/node/.local/bin" },
    });
    expect(args.slice(0, 12)).toEqual([
      ...["machine", "exec", "--name", "n", "-i", "-t", "-w", "/", "--user", "1000:1000", "-e", "BOTTLE_COMMAND=cafe"],
    ]);
    expect(args.slice(-6)).toEqual(["bottle", "cafe", "", ":/home/node/.local/bin", "80", "24"]);
    const piped = makeExecArgs({
      name: "n",
      user: undefined,
      mark: "m",
      terminal: undefined,
      path: { before: "", after: "" },
    });
    expect(piped.slice(0, 7)).toEqual(["machine", "exec", "--name", "n", "-i", "-w", "/"]);
  });

  test("an archive is printed, and a machine is removed without a question", () => {
    expect(makeArchiveArgs("n", "0:0", "/x").slice(-7)).toEqual(["tar", "-c", "-f", "-", "-C", "/x", "."]);
    expect(makeDeleteArgs("n")).toEqual(["machine", "delete", "--name", "n", "-f"]);
  });
});
