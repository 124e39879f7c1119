import { chmodSync, mkdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine, type Ran } from "./cli.ts";

const isRoot = process.getuid?.() === 0;
const START = ["start", "--", "true"];

/** One message for a person, with what mends it, and no stack. */
function expectRefusal(ran: Ran, code: number, why: RegExp): void {
  expect({ code: ran.code, stdout: ran.stdout }, ran.stderr).toEqual({ code, stdout: "" });
  expect(ran.stderr).toMatch(why);
  expect(ran.stderr).toMatch(/^bottle: [\s\S]*\n {2}hint: \S/);
  expect(ran.stderr).not.toMatch(/^ +at |a fault of bot-bottle/m);
}

describe.each(callers)("as $who, a start", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
  });
  afterAll(() => machine.close());

  /** Runs it after a script of root's in mounts of its own, of which the machine sees nothing. */
  const startAfter = (script: string, argv = START) =>
    machine.run(argv, {
      under: ["unshare", "--mount", "sh", "-euc", `${script}\nexec "$@"`, "sh"],
      env: { DOCKER_HOST: "unix:///no/such/engine.sock" }, // an engine would be another way, and is not what this is about
    });

  test.skipIf(!isRoot)("without bubblewrap names the command that installs it (needs root to hide it)", async () => {
    const hide =
      "for folder in /usr/bin /usr/local/bin; do ! [ -e $folder/bwrap ] || mount --bind /dev/null $folder/bwrap; done";
    expectRefusal(
      await startAfter(hide),
      3,
      /bwrap is not installed\n[\s\S]*\[backend\/not-available\]\n {2}hint: .*install bubblewrap/,
    );
    const examined = await startAfter(hide, ["doctor"]);
    expect(examined.code).toBe(1);
    expect(examined.stdout).toMatch(/FAIL bubblewrap .*\n +fix: .*install bubblewrap/);
    expect(await machine.leftovers()).toEqual([]);
  });

  // Not a skip: the other caller has a test of his own for what he meets.
  const asRoot = caller.uid === 0 ? test : undefined;
  asRoot?.("where user namespaces are forbidden names the setting", async () => {
    const forbid = "echo 0 > /proc/sys/user/max_user_namespaces";
    const under = ["unshare", "--user", "--map-root-user", "sh", "-euc", `${forbid}\nexec "$@"`, "sh"];
    const ran = await machine.run(START, { under });
    expectRefusal(ran, 3, /user\.max_user_namespaces is 0[\s\S]*hint: sysctl -w user\.max_user_namespaces=/);
    expect(await machine.leftovers()).toEqual([]);
  });

  test.skipIf(!isRoot)("of a repository without git says that git is missing (needs root to hide it)", async () => {
    machine.git(machine.project, "init", "-q");
    const hide = 'mount --bind /dev/null "$(command -v git)"';
    const ran = await startAfter(hide);
    expectRefusal(ran, 3, /^bottle: git is not installed, or may not be executed \[process\/not-found\]/);
    expect((await startAfter(hide, ["doctor"])).stdout).toMatch(/FAIL git .*\n +fix: .*install git/);
    rmSync(join(machine.project, ".git"), { recursive: true });
    expect(await machine.leftovers()).toEqual([]);
  });

  const asUser = caller.uid === 0 ? undefined : test;
  asUser?.("with a state folder that may not be read names it", async () => {
    mkdirSync(machine.state, { recursive: true });
    machine.own(machine.state);
    chmodSync(machine.state, 0);
    for (const argv of [START, ["list"], ["cleanup"]]) {
      expectRefusal(await machine.run(argv), 5, /state.*permission denied \[file\/no-permission\]/);
    }
    chmodSync(machine.state, 0o700);
    expect(await machine.leftovers()).toEqual([]);
  });

  test.skipIf(!isRoot).each(["size=16k", "size=64k", "size=256k", "size=1024k", "nr_inodes=20", "nr_inodes=30"])(
    "with a disk of %s that gets full says so and leaves nothing (needs root to make one)",
    async (size) => {
      machine.write({ "home/large/file": Buffer.alloc(2_000_000, 1) });
      const mount = `mkdir -p ${machine.state}; chown ${caller.uid} ${machine.state}
        mount -t tmpfs -o ${size},mode=700,uid=${caller.uid} tmpfs ${machine.state}; cd ${machine.home}/large`;
      const look = `"$@" && exit 99 || code=$?; find ${machine.state} -mindepth 1 -not -path '*/.labels'; exit $code`;
      const under = ["unshare", "--mount", "sh", "-euc", `${mount}\n${look}`, "sh"];
      expectRefusal(await machine.run(START, { under }), 5, /the disk is full \[file\/disk-full\]/);
      expect(await machine.leftovers()).toEqual([]);
    },
  );

  test("of a workspace that is too large names how to leave something out, and the flag", async () => {
    machine.write({ "home/large/huge": "" });
    const huge = join(machine.home, "large/huge");
    truncateSync(huge, 600_000_000);
    const ran = await machine.run(["start", "--headless", "--", "true"], { cwd: join(machine.home, "large") });
    expectRefusal(ran, 2, /to copy \[workspace\/too-large\]\n {2}hint: .*`workspace\.exclude`.*--large/);
    rmSync(huge);
    expect(await machine.leftovers()).toEqual([]);
  });

  test("in a folder that was removed says so, and what needs no folder goes on working", async () => {
    const bottle = `${process.execPath} ${machine.main}`;
    const inGone = (argv: string) =>
      machine.sh(`mkdir gone; cd gone; rmdir ../gone; ${bottle} ${argv} 2>&1 </dev/null; echo "= $?"`);
    expect(inGone("start -- true")).toMatch(
      /^bottle: the current folder is not there any more \[workspace\/unreadable\]\n {2}hint: cd .*\n= 2\n$/,
    );
    expect(inGone("list")).toBe("no bottles\n= 0\n");
    expect(inGone("cleanup --yes")).toBe("nothing to clean up\n= 0\n");
    expect(inGone("--version")).toMatch(/= 0\n$/);
  });

  test.each([
    ["file that is no folder", "BOT_BOTTLE_HOME"],
    ["file that is no folder", "XDG_CACHE_HOME"],
  ])("with a %s as %s ends with a message or works, and nothing hangs", async (_, name) => {
    machine.write({ "home/a-file": "x" });
    const ran = await machine.run(START, { env: { [name]: join(machine.home, "a-file") } });
    expect([0, 2, 3, 5]).toContain(ran.code);
    expect(ran.stderr).not.toMatch(/^ +at |a fault of bot-bottle/m);
  });
});
