import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listBottles } from "../../src/bottles/list-bottles.ts";
import { type Child, startChild, startChildUnder } from "../fixtures/child.ts";

const UNSHARED = ["unshare", "--user", "--map-root-user", "--mount"];
const canMount = await promisify(execFile)("unshare", [...UNSHARED.slice(1), "mount", "-t", "tmpfs", "none", "/mnt"])
  .then(() => true)
  .catch(() => false);
const isRoot = process.getuid?.() === 0;
const ORDINARY = isRoot ? ["setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups"] : [];

let state: string;
const children: Child[] = [];
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "label-"));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await rm(state, { recursive: true });
});

async function claimAtOnce(count: number): Promise<readonly { readonly child: Child; readonly answer: string }[]> {
  const started = Array.from({ length: count }, () => startChild("claim-label.ts", state, "fix"));
  children.push(...started);
  for (const child of started) expect(await child.nextLine()).toBe("ready");
  for (const child of started) child.send("go");
  return Promise.all(started.map(async (child) => ({ child, answer: await child.nextLine() })));
}

describe("a label between processes", () => {
  test("of several starts with one label one gets it, the others are told by whom it is taken, and leave nothing", async () => {
    const claims = await claimAtOnce(4);
    const [winner, ...others] = claims.toSorted((a, b) => (a.answer < b.answer ? 1 : -1));
    const slug = winner?.answer.slice("claimed ".length);
    expect(winner?.answer).toMatch(/^claimed dev-[a-z0-9]{5}$/);
    for (const { answer } of others) {
      expect(answer).toBe(`bottle/label-taken the label fix is taken by ${slug}, which is running`);
    }
    expect((await readdir(state)).sort()).toEqual([".labels", slug]);
    expect(await listBottles(state)).toMatchObject([{ slug, status: "starting" }]);
  });

  test("after a kill -9 it goes to exactly one of the next, and the bottle that had it is dead", async () => {
    const [first] = await claimAtOnce(1);
    await first?.child.kill();
    const answers = (await claimAtOnce(3)).map(({ answer }) => answer.split(" ")[0]).sort();
    expect(answers).toEqual(["bottle/label-taken", "bottle/label-taken", "claimed"]);
    expect((await listBottles(state)).map(({ status }) => status).sort()).toEqual(["dead", "starting"]);
    expect(await readdir(join(state, ".labels"))).toEqual(["fix"]);
  });
});

async function claimUnder(prefix: readonly string[]): Promise<string> {
  const child = startChildUnder(prefix, "claim-label.ts", state, "fix");
  children.push(child);
  expect(await child.nextLine()).toBe("ready");
  child.send("go");
  return child.nextLine();
}

describe("a state folder", () => {
  test("that may not be written says so, and who should look at what", async () => {
    await chmod(state, 0o555);
    expect(await claimUnder(ORDINARY)).toBe(
      `file/no-permission cannot create ${join(state, ".labels")}: permission denied`,
    );
    await chmod(state, 0o700);
    expect(await readdir(state)).toEqual([]);
  });

  test.skipIf(!canMount)("on a full disk says so (needs user namespaces)", async () => {
    const script = `mount -t tmpfs -o nr_inodes=5 none ${state} && exec "$@"`;
    expect(await claimUnder([...UNSHARED, "sh", "-c", script, "sh"])).toMatch(
      /^file\/disk-full cannot create .*: the disk is full$/,
    );
  });
});
