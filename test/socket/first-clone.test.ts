import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { SecretValue } from "../../src/base/secret-value.ts";
import { type GateWorld, leftoversIn, makeFolder, makeRepo, OWN, openGateWorld, refsOf } from "./gate/harness.ts";
import { git, makeUpstream, openTlsUpstream } from "./gate/upstreams.ts";

// A repository that no bottle of the user has cloned before: its pack goes on to the client while it arrives.

const TOKEN = "token-0123456789abcdef";
const scope = new Scope();
let folder: string;
let upstream: string;
let tls: Awaited<ReturnType<typeof openTlsUpstream>>;
let within: () => Promise<void> = async () => {};

beforeAll(async () => {
  folder = makeFolder(scope);
  tls = await openTlsUpstream(scope, folder, TOKEN, undefined, () => within());
  upstream = makeUpstream(folder, "large.git");
  git(upstream, "config", "uploadpack.allowFilter", "true");
  const seed = join(folder, "large.git.seed");
  writeFileSync(join(seed, "noise"), randomBytes(400_000));
  git(seed, "add", ".");
  git(seed, "commit", "-q", "-m", "second");
  git(seed, "tag", "-a", "v1", "-m", "a tag of its own");
  for (let n = 0; n < 40; n++) {
    git(seed, "commit", "-q", "--allow-empty", "-m", `side ${n}`);
    git(seed, "branch", `side/${n}`);
  }
  git(seed, "push", "-q", upstream, "main", "v1", ...Array.from({ length: 40 }, (_, n) => `side/${n}`));
});
afterAll(() => scope.close());

/** Uses a gate whose user has never cloned anything. */
async function withNewUser(use: (world: GateWorld, place: string) => Promise<void>, name = "large.git"): Promise<void> {
  const place = makeFolder(scope);
  const repo = makeRepo(`https://localhost:${tls.port}/${name}`, { token: new SecretValue("TOKEN", TOKEN) });
  const world = await openGateWorld(place, [repo], { extraCaPem: tls.caPem });
  try {
    await use(world, place);
    expect(world.bugs).toEqual([]);
  } finally {
    within = async () => {};
    await world.close();
  }
  expect(leftoversIn(join(place, "cache"))).toEqual([]);
}

/** The next answer of the upstream with a pack stops in its middle until it is told to go on, or to break off. */
function holdUpstream(): { goOn: () => void; breakOff: () => void } {
  let goOn = () => {};
  let breakOff = () => {};
  const held = new Promise<void>((resolve, reject) => {
    goOn = resolve;
    breakOff = () => reject(new Error("the upstream ends"));
  });
  within = () => held;
  return { goOn: () => goOn(), breakOff: () => breakOff() };
}

const packet = (text: string) => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;

/** A request for one branch, as no git makes it: it is answered when the mirror has everything. */
function makeLateRequest(): string {
  const want = packet(`want ${git(upstream, "rev-parse", "main")}\n`);
  return `${packet("command=fetch\n")}0001${want}${packet("done\n")}0000`;
}

/** Lets a first fetch begin. */
async function beginFetch(world: GateWorld): Promise<void> {
  const headers = { "Git-Protocol": "version=2" };
  await (await fetch(`${world.url()}/info/refs?service=git-upload-pack`, { headers })).text();
}

/** Sends bodies at once, each as long as it is said to be, or less. */
async function send(world: GateWorld, ...bodies: readonly { length: number; body: string }[]): Promise<Socket> {
  const socket = connect(world.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  for (const { length, body } of bodies) {
    const type = "application/x-git-upload-pack-request";
    const fields = ["Host: x", "Git-Protocol: version=2", `Content-Type: ${type}`, `Content-Length: ${length}`];
    socket.write(`POST /example.git/git-upload-pack HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`);
  }
  return socket;
}

/** The git programs that this process has started and that have not ended. */
function runningGits(): readonly string[] {
  const lines = execFileSync("ps", ["-Ao", "ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.trim().startsWith(`${process.pid} git `));
}

/** Waits until a clone has received a good part of a pack. */
async function receives(clone: string): Promise<void> {
  const folder = join(clone, ".git/objects/pack");
  const size = () => {
    try {
      return Math.max(0, ...readdirSync(folder).map((name) => statSync(join(folder, name)).size));
    } catch {
      return 0; // not there yet, or no more
    }
  };
  for (const end = Date.now() + 30_000; size() < 100_000; await sleep(20)) {
    if (Date.now() > end) throw new Error("nothing has arrived");
  }
}

test("it receives while the upstream still sends, and has everything in the end", async () => {
  await withNewUser(async (world, place) => {
    const { goOn } = holdUpstream();
    const clone = join(place, "clone");
    const cloning = world.agent(place, "clone", "-q", world.url(), clone);
    await receives(clone);
    expect(world.fetches()).toHaveLength(1); // the list
    goOn();
    expect(await cloning).toMatchObject({ code: 0 });
    git(clone, "fsck", "--strict");
    expect(git(clone, "for-each-ref", "--format=%(objectname)", "refs/remotes/origin/side", "refs/tags")).toBe(
      git(upstream, "for-each-ref", "--format=%(objectname)", "refs/heads/side", "refs/tags"),
    );
    expect(git(clone, "symbolic-ref", "HEAD")).toBe("refs/heads/main");
    expect(world.fetches()).toMatchObject([{ outcome: "served" }, { outcome: "served" }]);
    expect(await world.agent(clone, "fetch", "-q", "origin")).toMatchObject({ code: 0 });
    git(clone, "switch", "-q", "-c", "mine");
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine");
    expect(await world.agent(clone, "push", "-q", "origin", `mine:${OWN}mine`)).toMatchObject({ code: 0 });
    expect(refsOf(upstream).some((ref) => ref.startsWith(`refs/heads/${OWN}mine `))).toBe(true);
    git(upstream, "branch", "-q", "-D", `${OWN}mine`);
  });
});

test("an upstream that breaks off in the middle is told, and the next clone is whole", async () => {
  await withNewUser(async (world, place) => {
    const { breakOff } = holdUpstream();
    const clone = join(place, "clone");
    const cloning = world.agent(place, "clone", "-q", world.url(), clone);
    await receives(clone);
    within = async () => Promise.reject(new Error("and again"));
    breakOff();
    const ran = await cloning;
    expect(ran.code).toBe(128);
    expect(ran.err).toContain("the upstream of example cannot be reached");
    expect(world.fetches()).toMatchObject([{ outcome: "served" }, { outcome: "failed" }]);
    within = async () => {};
    git(await world.clone(), "fsck", "--strict");
  });
});

test("a client that goes away in the middle does not keep the next one from a whole clone", async () => {
  await withNewUser(async (world, place) => {
    const { goOn } = holdUpstream();
    const clone = join(place, "clone");
    const leaving = new AbortController();
    const cloning = world.agentUntil(leaving.signal, place, "clone", "-q", world.url(), clone);
    await receives(clone);
    leaving.abort();
    expect((await cloning).code).not.toBe(0);
    goOn();
    git(await world.clone(), "fsck", "--strict");
  });
});

test("clients that go while they send, or while they wait, leave nothing behind", async () => {
  await withNewUser(async (world) => {
    const { goOn } = holdUpstream();
    await beginFetch(world);
    const late = makeLateRequest();
    const clients = await Promise.all([
      send(world, { length: 1000, body: packet("command=fetch\n") }),
      send(world, { length: 9_000_000, body: "x".repeat(5_000_000) }),
      send(world, { length: late.length, body: late }),
    ]);
    expect((await world.agent(world.folder, "ls-remote", world.url("other"))).code).toBe(128); // they are read meanwhile
    const gone = clients.map((client) => once(client, "close"));
    for (const client of clients) client.destroy();
    await Promise.all(gone);
    goOn();
    git(await world.clone(), "fsck", "--strict");
    expect(runningGits()).toEqual([]);
  });
});

test("a client that does not wait for its answer is not heard", async () => {
  await withNewUser(async (world) => {
    const { goOn } = holdUpstream();
    await beginFetch(world);
    const late = makeLateRequest();
    const client = await send(world, { length: late.length, body: late }, { length: late.length, body: late });
    await once(client, "close");
    goOn();
    await world.clone();
  });
});

test("a bug that several wait for is told once", async () => {
  await withNewUser(async (world, place) => {
    const { goOn } = holdUpstream();
    await beginFetch(world);
    const late = makeLateRequest();
    const client = await send(world, { length: late.length, body: late });
    const [lock = ""] = readdirSync(join(place, "cache/git")).filter((name) => name.endsWith(".lock"));
    rmSync(join(place, "cache/git", lock));
    mkdirSync(join(place, "cache/git", lock));
    goOn();
    await once(client, "close");
    expect(world.bugs.splice(0)).toHaveLength(1);
    rmSync(join(place, "cache/git", lock), { recursive: true });
    git(await world.clone(), "fsck", "--strict");
  });
});

test("names that are no UTF-8, and a HEAD that is no branch, are what git makes of them", async () => {
  const odd = makeUpstream(folder, "odd.git");
  const main = git(odd, "rev-parse", "main");
  git(odd, "branch", "master", "main");
  git(odd, "update-ref", "--no-deref", "HEAD", main);
  git(odd, "pack-refs", "--all");
  writeFileSync(join(odd, "HEAD"), `${main}\n`);
  appendFileSync(join(odd, "packed-refs"), Buffer.from(`${main} refs/heads/zz-caf\xe9\n`, "latin1"));
  await withNewUser(async (world) => {
    const list = async () => (await world.agent(world.folder, "ls-remote", "--symref", world.url())).out;
    const [first, second] = [await list(), await list()];
    expect(first).toBe(second);
    const clone = await world.clone();
    expect(readFileSync(join(clone, ".git/packed-refs"), "latin1")).toContain(
      `${main} refs/remotes/origin/zz-caf\xe9\n`,
    );
  }, "odd.git");
});

test.each([
  ["a part of the history", ["--depth=1"]],
  ["without files", ["--filter=blob:none", "--no-checkout"]],
  ["one branch", ["--single-branch"]],
  ["without tags", ["--no-tags"]],
  ["a mirror", ["--mirror"]],
  ["in an old version of the protocol", ["-c", "protocol.version=0"]],
  ["in the version between", ["-c", "protocol.version=1"]],
])("%s is served as git serves it", async (_what, options) => {
  await withNewUser(async (world, place) => {
    const [through, direct] = [join(place, "through"), join(place, "direct")];
    expect(await world.agent(place, "clone", "-q", ...options, world.url(), through)).toMatchObject({ code: 0 });
    git(place, "clone", "-q", ...options, `file://${upstream}`, direct);
    expect(refsOf(through)).toEqual(refsOf(direct));
    const count = (clone: string) => git(clone, "rev-list", "--objects", "--all", "--missing=print").split("\n").sort();
    expect(count(through)).toEqual(count(direct));
  });
});

test.each([
  [[], []],
  [["--heads"], []],
  [["--tags"], []],
  [["--refs"], []],
  [[], ["HEAD"]],
  [[], ["side/1*"]],
] as const)("what it lists is what the upstream lists, letter by letter: %s %s", async (options, patterns) => {
  await withNewUser(async (world, place) => {
    const list = (url: string) => ["ls-remote", "--symref", ...options, url, ...patterns];
    const { out } = await world.agent(place, ...list(world.url()));
    expect(out.trim()).toBe(git(place, ...list(`file://${upstream}`)));
  });
});
