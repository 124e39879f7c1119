import { describe, expect, test } from "vitest";
import { type CgroupFacts, parseCgroupPlaces } from "./cgroup-facts.ts";
import { decideCgroups, limitsHeldBy, planCgroups } from "./cgroups.ts";

const HYBRID_MOUNTS = `35 28 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 28 0:32 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
37 28 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
38 28 0:34 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
39 28 0:35 / / rw - ext4 /dev/vda rw`;
const V1: CgroupFacts = {
  v1: [
    { controller: "memory", folder: "/cg/memory/own", writable: true },
    { controller: "pids", folder: "/cg/pids", writable: true },
    { controller: "cpu", folder: "/cg/cpu", writable: true },
  ],
  v2: { folder: "/cg/unified", writable: true, controllers: [] },
};
const V2: CgroupFacts = { v1: [], v2: { folder: "/cg", writable: true, controllers: ["cpu", "memory", "pids"] } };
const LIMITS = {
  pids: 512,
  cpus: 1.5,
  memoryBytes: 1 << 30,
  timeMs: undefined,
  heldBy: "cgroup",
  why: undefined,
} as const;

describe("where the groups of this process are", () => {
  test("version 1, in the group the process is in", () => {
    const own = "8:pids:/\n4:memory:/process/04805\n1:cpu,cpuacct:/user.slice\n0::/";
    expect(parseCgroupPlaces(HYBRID_MOUNTS, own)).toEqual({
      v1: [
        { controller: "memory", folder: "/sys/fs/cgroup/memory/process/04805" },
        { controller: "pids", folder: "/sys/fs/cgroup/pids" },
        { controller: "cpu", folder: "/sys/fs/cgroup/cpu,cpuacct/user.slice" },
      ],
      v2: "/sys/fs/cgroup/unified",
    });
  });

  test("in a container, whose own group is mounted as the root", () => {
    const mounts = "35 28 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory";
    expect(parseCgroupPlaces(mounts, "4:memory:/docker/abc").v1).toEqual([
      { controller: "memory", folder: "/sys/fs/cgroup/memory" },
    ]);
    expect(parseCgroupPlaces(mounts, "4:memory:/elsewhere").v1).toEqual([]);
  });

  test("version 2 only, and none at all", () => {
    const mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
    expect(parseCgroupPlaces(mounts, "0::/user.slice")).toEqual({ v1: [], v2: "/sys/fs/cgroup" });
    expect(parseCgroupPlaces("", "")).toEqual({ v1: [], v2: undefined });
    expect(parseCgroupPlaces("nonsense\n - \n", "::\n")).toEqual({ v1: [], v2: undefined });
  });
});

describe("what holds the limits", () => {
  test("a writable version 1 or version 2", () => {
    expect(decideCgroups(V1).kind).toBe("v1");
    expect(decideCgroups(V2)).toEqual({ kind: "v2", folder: "/cg" });
    expect(limitsHeldBy(V1)).toEqual({ heldBy: "cgroup", why: undefined });
    expect(limitsHeldBy(V2)).toEqual({ heldBy: "cgroup", why: undefined });
  });

  test("nothing, and why", () => {
    const readOnly = V1.v1.map((one) => ({ ...one, writable: false }));
    expect(limitsHeldBy({ ...V1, v1: readOnly }).why).toMatch(/ordinary user/);
    expect(limitsHeldBy({ v1: [], v2: { folder: "/cg", writable: false, controllers: ["memory", "pids"] } })).toEqual({
      heldBy: "nothing",
      why: "an ordinary user may not make control groups here",
    });
    expect(limitsHeldBy({ v1: [], v2: { folder: "/cg", writable: true, controllers: ["cpu"] } }).why).toBe(
      "memory and pids cannot be limited in /cg",
    );
    expect(limitsHeldBy({ v1: [], v2: undefined }).why).toMatch(/no control groups/);
  });
});

describe("the groups of one bottle", () => {
  test("version 1", () => {
    expect(planCgroups(decideCgroups(V1), "bot-bottle-x", LIMITS)).toEqual([
      { folder: "/cg/pids/bot-bottle-x", files: [{ name: "pids.max", value: "512", optional: false }] },
      {
        folder: "/cg/memory/own/bot-bottle-x",
        files: [
          { name: "memory.limit_in_bytes", value: "1073741824", optional: false },
          { name: "memory.memsw.limit_in_bytes", value: "1073741824", optional: true },
        ],
      },
      {
        folder: "/cg/cpu/bot-bottle-x",
        files: [
          { name: "cpu.cfs_period_us", value: "100000", optional: false },
          { name: "cpu.cfs_quota_us", value: "150000", optional: false },
        ],
      },
    ]);
  });

  test("version 2", () => {
    const [plan, ...more] = planCgroups(decideCgroups(V2), "bot-bottle-x", LIMITS);
    expect(more).toEqual([]);
    expect(plan?.folder).toBe("/cg/bot-bottle-x");
    expect(plan?.files.map(({ name, value }) => `${name}=${value}`)).toEqual([
      ...["pids.max=512", "memory.max=1073741824", "memory.swap.max=0", "memory.oom.group=1", "cpu.max=150000 100000"],
    ]);
  });

  test("only what is limited", () => {
    const few = { ...LIMITS, cpus: undefined, memoryBytes: undefined };
    expect(planCgroups(decideCgroups(V1), "x", few).map((plan) => plan.folder)).toEqual(["/cg/pids/x"]);
    expect(planCgroups({ kind: "none", why: "" }, "x", LIMITS)).toEqual([]);
  });
});
