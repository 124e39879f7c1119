import fc from "fast-check";
import { expect, test } from "vitest";
import { makeHolderChain, makeLaunchChain, makeListenCommand, renderMounts } from "./chain.ts";
import { PROGRAM_NAMES, type Programs, resolvePrograms } from "./programs.ts";

const PROGRAMS = ((): Programs => {
  const programs = resolvePrograms(new Map(PROGRAM_NAMES.map((name) => [name, `/usr/bin/${name}`])));
  if (!("bwrap" in programs)) throw new Error("all programs were given");
  return programs;
})();
const SELF = { kind: "self", uid: 1001, gid: 1001 } as const;
const DROPPED = { kind: "dropped", uid: 1879048200, gid: 1879048200 } as const;
const LAUNCH = {
  holderPid: 77,
  pids: 512,
  coreBytes: 1,
  terminal: false,
  descriptors: { args: 3, filter: 4, status: 5 },
  argv: ["claude", "-p", "--", "hello"],
};

test("an ordinary user's holder is bubblewrap and nothing else", () => {
  expect(makeHolderChain(PROGRAMS, SELF, { mounts: "/unused", groups: [], listen: [] })).toEqual([
    ...["/usr/bin/bwrap", "--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/", "--"],
    ...["/usr/bin/sh", "-ec", expect.stringContaining('exec "$0"'), "/usr/bin/cat"],
  ]);
  const listen = makeListenCommand("/usr/bin/node", [9099, 9420]);
  const listening = makeHolderChain(PROGRAMS, SELF, { mounts: "/unused", groups: [], listen });
  expect(listening.slice(-6)).toEqual(["/usr/bin/cat", "/usr/bin/node", "-e", expect.any(String), "9099", "9420"]);
});

test("root's holder mounts, drops every right and only then becomes bubblewrap", () => {
  const chain = makeHolderChain(PROGRAMS, DROPPED, {
    mounts: "/scratch/mounts",
    groups: ["/cg/memory/x", "/cg/pids/x"],
    listen: [],
  });
  expect(chain.slice(0, 7)).toEqual([
    ...["/usr/bin/sh", "-ec", 'while [ "$1" != -- ]; do echo "$$" >"$1"; shift; done; shift; exec "$@"', "sh"],
    ...["/cg/memory/x/cgroup.procs", "/cg/pids/x/cgroup.procs", "--"],
  ]);
  expect(chain.slice(7, 23)).toEqual([
    ...["/usr/bin/unshare", "-m", "--propagation", "private", "--"],
    ...["/usr/bin/sh", "-ec", '"$0" -a -T "$1"; shift; exec "$@"', "/usr/bin/mount", "/scratch/mounts"],
    ...["/usr/bin/setpriv", "--reuid", "1879048200", "--regid", "1879048200", "--clear-groups"],
  ]);
  expect(chain.indexOf("/usr/bin/bwrap")).toBeGreaterThan(chain.indexOf("--clear-groups"));
});

test("an ordinary user's launch enters the holder and limits itself", () => {
  expect(makeLaunchChain(PROGRAMS, SELF, LAUNCH, [])).toEqual([
    ...["/usr/bin/nsenter", "-t", "77", "-U", "-n", "-m", "--preserve-credentials", "--wd=/", "--"],
    ...["/usr/bin/prlimit", "--nproc=512:512", "--core=1:1", "--"],
    ...["/usr/bin/bwrap", "--args", "3", "--seccomp", "4", "--json-status-fd", "5", "--"],
    ...["claude", "-p", "--", "hello"],
  ]);
});

test("root's launch joins its groups and drops first, and a terminal brings a session", () => {
  const chain = makeLaunchChain(PROGRAMS, DROPPED, { ...LAUNCH, terminal: true }, ["/cg/pids/x"]);
  const programs = chain.filter((arg) => arg.startsWith("/usr/bin/"));
  const names = programs.map((path) => path.slice("/usr/bin/".length));
  expect(names).toEqual(["sh", "setpriv", "nsenter", "prlimit", "setsid", "bwrap"]);
});

test("missing programs are named", () => {
  const found = new Map(PROGRAM_NAMES.filter((name) => name !== "nsenter").map((name) => [name, `/usr/bin/${name}`]));
  expect(resolvePrograms(found)).toEqual(["nsenter"]);
});

test("every path is one field of the mounts, whatever it holds", () => {
  expect(renderMounts([{ source: "/a b#\t\\ü", target: "/run/bottle/home" }])).toBe(
    "bottle /run tmpfs mode=0711,size=1m,nosuid,nodev 0 0\n" +
      "/a\\040b\\043\\011\\134\\303\\274 /run/bottle/home none rbind,X-mount.mkdir=0711 0 0\n",
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const [, line = "", ...rest] = renderMounts([{ source: `/${name}`, target: "/t" }]).split("\n");
      const [source = "", ...fields] = line.split(" ");
      expect(fields).toEqual(["/t", "none", "rbind,X-mount.mkdir=0711", "0", "0"]);
      expect(rest).toEqual([""]);
      const bytes = source.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
      expect(Buffer.from(bytes, "latin1").equals(Buffer.from(`/${name}`))).toBe(true);
    }),
  );
});
