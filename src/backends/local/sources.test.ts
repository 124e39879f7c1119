import { expect, test } from "vitest";
import { parseSlug } from "../../base/ids.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { GuestSpec } from "../backend.ts";
import { placeSources, readToolFolders } from "./sources.ts";

const slug = parseSlug("test-aaaaa");
if (slug === undefined) throw new Error("no slug");
const SPEC: GuestSpec = {
  slug,
  layout: { ...GUEST_LAYOUT, hostname: "test" },
  homeFolder: "/root/state/home",
  workspace: { kind: "folder", path: "/root/state/workspace" },
  scratch: "/root/state/scratch",
  limits: { pids: 1, cpus: undefined, memoryBytes: undefined, timeMs: undefined, heldBy: "nothing", why: undefined },
  tools: [],
};
const NVM = { target: "/root/.nvm", folder: "/root/.nvm", path: "/root/.nvm/bin" };
const LOCAL = { target: "/usr/local/go", folder: "/usr/local/go", path: "/usr/local/go/bin" };
const OWN = { etc: "/root/state/scratch/etc", nodeFile: "/root/.nvm/bin/node20", tools: [NVM, LOCAL] };

test("an ordinary user's folders are bound from where they are", () => {
  const { sources, staged } = placeSources(SPEC, { kind: "self", uid: 1, gid: 1 }, OWN);
  expect(staged).toEqual([]);
  expect(sources.home).toBe("/root/state/home");
  expect(sources.node).toBe("/root/.nvm/bin/node20");
  expect(sources.tools.map((tool) => tool.source)).toEqual(["/root/.nvm"]);
});

test("root's folders are staged, and exactly those", () => {
  const { sources, staged } = placeSources(SPEC, { kind: "dropped", uid: 5, gid: 5 }, OWN);
  expect(staged.map(({ source, target }) => `${source} ${target}`).toSorted()).toEqual([
    "/root/.nvm /run/bottle/tool-0",
    "/root/.nvm/bin /run/bottle/node",
    "/root/state/home /run/bottle/home",
    "/root/state/scratch/etc /run/bottle/etc",
    "/root/state/workspace /run/bottle/workspace",
  ]);
  expect(sources.node).toBe("/run/bottle/node/node20");
  expect(sources.tools).toEqual([{ source: "/run/bottle/tool-0", target: "/root/.nvm" }]);
  expect(sources.toolPaths).toEqual(["/root/.nvm/bin", "/usr/local/go/bin"]);
});

test("what lies below /usr is there already", () => {
  const own = { ...OWN, nodeFile: "/usr/bin/node", tools: [LOCAL] };
  const { sources, staged } = placeSources(SPEC, { kind: "dropped", uid: 5, gid: 5 }, own);
  expect(staged.map((one) => one.target).toSorted()).toEqual([
    "/run/bottle/etc",
    "/run/bottle/home",
    "/run/bottle/workspace",
  ]);
  expect(sources.node).toBe("/usr/bin/node");
});

test("a folder of tools must be there", async () => {
  expect(await readToolFolders(["/usr"])).toEqual([{ target: "/usr", folder: "/usr", path: "/usr/bin" }]);
  await expect(readToolFolders(["/no/such/tools"])).rejects.toMatchObject({ code: "launch/failed" });
});
