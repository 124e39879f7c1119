import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSlug } from "../../base/ids.ts";
import { SecretValue } from "../../base/secret-value.ts";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import type { GuestSpec } from "../backend.ts";
import { makeBottleArgs, type Sources } from "./args.ts";
import type { HostView } from "./host-view.ts";
import { renderArgs } from "./render-args.ts";

const slug = parseSlug("test-aaaaa");
if (slug === undefined) throw new Error("no slug");

const SPEC: GuestSpec = {
  slug,
  layout: { ...GUEST_LAYOUT, hostname: "test" },
  homeFolder: "/state/home",
  workspace: { kind: "folder", path: "/state/workspace" },
  scratch: "/state/scratch",
  limits: { pids: 512, cpus: 2, memoryBytes: 1 << 30, timeMs: undefined, heldBy: "cgroup", why: undefined },
  tools: [],
};
const SOURCES: Sources = {
  home: "/run/bottle/home",
  workspace: "/run/bottle/workspace",
  etc: "/run/bottle/etc",
  node: "/usr/bin/node",
  tools: [{ source: "/run/bottle/tool-0", target: "/opt/go" }],
  toolPaths: ["/opt/go/bin"],
};
const HOST: HostView = {
  rootEntries: [
    { kind: "link", path: "/bin", target: "usr/bin" },
    { kind: "folder", path: "/lib64" },
  ],
  etcFolders: ["/etc/ssl/certs"],
  procMasks: ["/proc/keys"],
  nodeFile: "/usr/bin/node",
  shell: "/bin/bash",
};
const COMMAND = { env: new Map(), cwd: "/home/node/workspace", terminal: undefined };

/** One option with its values on each line, as a person would write them. */
function renderLines(args: readonly (string | SecretValue)[]): string {
  return args.map(String).join(" ").replaceAll(/ --/g, "\n--");
}

test("the arguments of a headless bottle", () => {
  const env = new Map<string, string | SecretValue>([
    ["TOKEN", new SecretValue("TOKEN", "hunter2")],
    ["LANG", "de_DE.UTF-8"],
  ]);
  expect(renderLines(makeBottleArgs(SPEC, { ...COMMAND, env }, SOURCES, HOST))).toMatchInlineSnapshot(`
    "--unshare-user
    --unshare-ipc
    --unshare-pid
    --unshare-uts
    --unshare-cgroup-try
    --disable-userns
    --uid 1000
    --gid 1000
    --hostname test
    --die-with-parent
    --cap-drop ALL
    --clearenv
    --new-session
    --ro-bind /usr /usr
    --symlink usr/bin /bin
    --ro-bind /lib64 /lib64
    --ro-bind /run/bottle/etc /etc
    --ro-bind /etc/ssl/certs /etc/ssl/certs
    --proc /proc
    --ro-bind /proc/sys /proc/sys
    --ro-bind /dev/null /proc/keys
    --dev /dev
    --perms 1777
    --size 268435456
    --tmpfs /dev/shm
    --remount-ro /dev
    --perms 1777
    --size 536870912
    --tmpfs /tmp
    --perms 0755
    --size 67108864
    --tmpfs /run
    --perms 0755
    --dir /var
    --symlink ../tmp /var/tmp
    --perms 0755
    --dir /home
    --bind /run/bottle/home /home/node
    --bind /run/bottle/workspace /home/node/workspace
    --ro-bind /run/bottle/tool-0 /opt/go
    --perms 0755
    --dir /opt
    --perms 0755
    --dir /opt/bot-bottle
    --perms 0755
    --dir /opt/bot-bottle/bin
    --ro-bind /usr/bin/node /opt/bot-bottle/bin/node
    --remount-ro /
    --setenv HOME /home/node
    --setenv USER node
    --setenv LOGNAME node
    --setenv SHELL /bin/bash
    --setenv LANG de_DE.UTF-8
    --setenv PATH /opt/bot-bottle/bin:/opt/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/home/node/.local/bin
    --setenv TOKEN [secret TOKEN]
    --chdir /home/node/workspace"
  `);
});

test("a terminal brings its type, and no session of bubblewrap's own", () => {
  const terminal = { columns: 80, rows: 24, term: "xterm-256color" };
  const args = makeBottleArgs(SPEC, { ...COMMAND, terminal }, SOURCES, HOST).map(String);
  expect(args).not.toContain("--new-session");
  expect(args.join(" ")).toContain("--setenv TERM xterm-256color");
});

test("without a workspace there is an empty folder", () => {
  const args = makeBottleArgs(SPEC, COMMAND, { ...SOURCES, workspace: undefined }, HOST).join(" ");
  expect(args).toContain("--bind /run/bottle/home /home/node --dir /home/node/workspace");
});

test.each([
  [undefined, 2048],
  [1 << 30, 512],
  [64 << 20, 32],
  [1 << 20, 16],
  [2 ** 40, 2048],
])("with %s bytes of memory /tmp holds %i MiB", (memoryBytes, mebibytes) => {
  const args = makeBottleArgs({ ...SPEC, limits: { ...SPEC.limits, memoryBytes } }, COMMAND, SOURCES, HOST).join(" ");
  expect(args).toContain(`--perms 1777 --size ${mebibytes * 1024 * 1024} --tmpfs /tmp`);
});

test("the root is made read-only after everything is mounted, and only /usr, own and named folders are bound", () => {
  const args = makeBottleArgs(SPEC, COMMAND, SOURCES, HOST).map(String);
  const at = args.lastIndexOf("--remount-ro");
  expect(args[at + 1]).toBe("/");
  expect(args.slice(at).some((arg) => /bind|tmpfs|--dir|symlink/.test(arg))).toBe(false);
  const bound = args.flatMap((arg, index) => (arg === "--bind" ? [args[index + 1]] : []));
  expect(bound).toEqual(["/run/bottle/home", "/run/bottle/workspace"]);
});

test("a secret is text only in the rendered bytes", () => {
  const env = new Map([["TOKEN", new SecretValue("TOKEN", "hunter2")]]);
  const args = makeBottleArgs(SPEC, { ...COMMAND, env }, SOURCES, HOST);
  expect(JSON.stringify(args)).not.toContain("hunter2");
  expect(renderArgs(args).toString()).toContain("--setenv\0TOKEN\0hunter2\0");
});

test("no value of a variable becomes an option", () => {
  const value = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(value, (text) => {
      const args = makeBottleArgs(SPEC, { ...COMMAND, env: new Map([["NAME", text]]) }, SOURCES, HOST);
      if (text.includes("\0")) {
        expect(() => renderArgs(args)).toThrow(/NUL byte/);
        return;
      }
      const parts = renderArgs(args).toString("utf8").split("\0");
      expect(parts.slice(parts.indexOf("NAME") - 1, parts.indexOf("NAME") + 1)).toEqual(["--setenv", "NAME"]);
      expect(parts).toHaveLength(args.length + 1);
    }),
  );
});
