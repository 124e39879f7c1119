import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Scope } from "../src/base/scope.ts";
import { commit, type GateWorld, makeRepo, OWN, openGateWorld, PLANTED } from "../test/socket/gate/harness.ts";
import { GIT_ENV, git, NO_SSHD, openSshUpstream } from "../test/socket/gate/upstreams.ts";

// Clone and small push of a repository with 20,000 files through the gate against plain git to the same server of ssh, in
// turns, so that both meet the same machine; and how fast new content is searched. Usage: npx tsx bench/gate.ts [ROUNDS]

const ROUNDS = Number(process.argv[2] ?? 5);
const FILES = 20_000;
const LINES = 50;
const WORDS =
  "const return import export function value result index await async string number path name error file line push commit branch config";

/** Text that looks like a program and packs like one. */
function makeSource(seed: number): string {
  const words = WORDS.split(" ");
  let state = seed + 1;
  const next = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const line = () =>
    `  ${Array.from({ length: 3 + next(5) }, () => words[next(words.length)]).join(" ")} = ${next(99_999)};`;
  return `// file ${seed}\n${Array.from({ length: LINES }, line).join("\n")}\n`;
}

function writeFiles(folder: string, from: number, count: number): void {
  for (let n = from; n < from + count; n++) {
    const place = join(folder, `src/${n % 200}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `file-${n}.ts`), makeSource(n));
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(what: string, direct: readonly number[], gate: readonly number[]): void {
  const [a, b] = [median(direct), median(gate)];
  console.log(
    `${what}: direct ${a.toFixed(0)} ms, gate ${b.toFixed(0)} ms, +${(b - a).toFixed(0)} ms, ${(b / a).toFixed(2)} x`,
  );
}

if (NO_SSHD !== undefined) throw new Error(NO_SSHD);
const scope = new Scope();
const folder = realpathSync(mkdtempSync(join(tmpdir(), "bottle-bench-")));
scope.defer("folder", () => rmSync(folder, { recursive: true, force: true }));
try {
  const seed = join(folder, "seed");
  const upstream = join(folder, "upstream.git");
  git(folder, "init", "-q", "-b", "main", seed);
  git(folder, "init", "-q", "--bare", "-b", "main", upstream);
  writeFiles(seed, 0, FILES);
  git(seed, "add", ".");
  git(seed, "commit", "-q", "-m", "all");
  git(seed, "push", "-q", upstream, "main");
  git(upstream, "repack", "-a", "-d", "-q");
  const ssh = await openSshUpstream(scope, folder);
  writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${ssh.hostKey}\n`);
  const url = ssh.url(upstream);
  const sshCommand = `ssh -F /dev/null -i ${ssh.key} -o UserKnownHostsFile=${join(folder, "known")} -o IdentitiesOnly=yes`;
  Object.assign(GIT_ENV, {
    GIT_SSH_COMMAND: sshCommand,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "gc.auto",
    GIT_CONFIG_VALUE_0: "0",
  });
  const open = () => openGateWorld(folder, [makeRepo(url, { key: ssh.key, hostKey: ssh.hostKey, refs: undefined })]);
  const timed = async (world: GateWorld, cwd: string, ...args: readonly string[]) => {
    execFileSync("sync", ["-f", folder]); // git flushes what it received, and with it whatever the clone before has left to be written
    const began = performance.now();
    const ran = await world.agent(cwd, ...args);
    if (ran.code !== 0) throw new Error(ran.err);
    return performance.now() - began;
  };
  const times = { direct: [] as number[], cold: [] as number[], warm: [] as number[] };
  const forgetStore = () => rmSync(join(folder, "cache"), { recursive: true, force: true });
  const pushes = { direct: [] as number[], gate: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    forgetStore();
    const clones = ["direct", "cold", "warm"].map((name) => join(folder, `${name}-${round}`));
    const [direct = "", cold = "", warm = ""] = clones;
    const first = await open();
    const cloneDirectly = async () => times.direct.push(await timed(first, folder, "clone", "-q", url, direct));
    const directFirst = round % 2 === 0; // whoever comes first pays for what is cold
    if (directFirst) await cloneDirectly();
    times.cold.push(await timed(first, folder, "clone", "-q", first.url(), cold));
    await first.close();
    const second = await open(); // another bottle of the same user
    times.warm.push(await timed(second, folder, "clone", "-q", second.url(), warm));
    if (!directFirst) await cloneDirectly();
    const pair = [
      ["direct", direct],
      ["gate", warm],
    ] as const;
    for (const [name, clone] of directFirst ? pair : pair.toReversed()) {
      commit(clone, "small.txt", `${round} ${name}\n`);
      pushes[name].push(await timed(second, clone, "push", "-q", "origin", `HEAD:${OWN}${name}-${round}`));
    }
    await second.close();
    for (const clone of clones) rmSync(clone, { recursive: true, force: true });
  }
  report(`clone of ${FILES} files by the first bottle`, times.direct, times.cold);
  report(`clone of ${FILES} files by a later bottle`, times.direct, times.warm);
  report("push of one small commit", pushes.direct, pushes.gate);

  const world = await open();
  const clone = await world.clone();
  writeFiles(clone, FILES, FILES);
  writeFileSync(join(clone, "zz.txt"), PLANTED); // ends the push before it is sent
  git(clone, "add", ".");
  git(clone, "commit", "-q", "-m", "as many again");
  const began = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) await world.agent(clone, "push", "-q", "origin", `HEAD:${OWN}scan`);
  const { user, system } = process.cpuUsage(began);
  const checked = world.pushes();
  const [push] = checked;
  if (push?.reason !== "secret") throw new Error("the push was not refused");
  const bytes = checked.reduce((sum, one) => sum + one.bytes, 0);
  const speed = median(checked.map((one) => one.bytes / 1000 / one.ms));
  console.log(`check of ${push.files} new files, ${(push.bytes / 1e6).toFixed(0)} MB: ${speed.toFixed(1)} MB/s`);
  console.log(`  ${(bytes / (user + system)).toFixed(1)} MB for each second of this process's own time`);
  await world.close();
} finally {
  await scope.close();
}
