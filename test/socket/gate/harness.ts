import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { systemClock } from "../../../src/base/clock.ts";
import { readHolder } from "../../../src/base/holder.ts";
import { Scope } from "../../../src/base/scope.ts";
import { SecretValue } from "../../../src/base/secret-value.ts";
import type { AskOperator } from "../../../src/git-gate/ask-operator.ts";
import { type Gate, openGate } from "../../../src/git-gate/open-gate.ts";
import { GATE_LIMITS, type GatePolicy, type GateRepo } from "../../../src/git-gate/policy.ts";
import type { GitFetch, GitPush, JournalEvent } from "../../../src/journal/event.ts";
import { makeRedact } from "../../../src/journal/redact.ts";
import { makePushScan } from "../../../src/warden/push-scan.ts";
import { GIT_ENV, git } from "./upstreams.ts";

/** Branches that the bottle of these tests may push to. */
export const OWN = "bottle/dev-ab0de/";

/** What a git command came to. */
export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** A token of the form that GitHub gives out; made here, so that no scanner takes this file for a leak. */
export const PLANTED = ["ghp", `${"0123456789abcdefghij"}ABCDEFGHIJ123456`].join("_");

/** A value that the bottle of these tests was given. */
export const GIVEN = { name: "API_PASSWORD", value: "correct-horse-battery" };

/** A git gate on a port of the loopback, as a bottle sees it, and a folder for everything. */
export type GateWorld = {
  readonly folder: string;
  readonly port: number;
  readonly gate: Gate;
  readonly events: JournalEvent[];
  readonly bugs: unknown[];
  pushes(): readonly GitPush[];
  fetches(): readonly GitFetch[];
  url(name?: string): string;
  /** Runs git as an agent would, whatever comes of it. */
  agent(cwd: string, ...args: readonly string[]): Promise<Ran>;
  /** The same, ended as by Ctrl-C. */
  agentUntil(signal: AbortSignal, cwd: string, ...args: readonly string[]): Promise<Ran>;
  /** Clones through the gate. */
  clone(name?: string, ...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
};

export function makeRepo(url: string, over: Partial<GateRepo> = {}): GateRepo {
  const kind = url.startsWith("https:") ? "https" : url.startsWith("file:") ? "file" : "ssh";
  return {
    ...{ name: "example", url, kind, key: undefined, hostKey: undefined, token: undefined, refs: undefined },
    ...{ runFiles: "report", ...over },
  } as GateRepo;
}

export function makeFolder(scope: Scope): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bottle-gate-")));
  scope.defer("folder", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openGateWorld(
  folder: string,
  repos: readonly GateRepo[],
  over: Partial<GatePolicy> = {},
  ask: AskOperator = async () => ({ kind: "unanswered", why: "nobody watches this bottle" }),
): Promise<GateWorld> {
  const scope = new Scope();
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const own = mkdtempSync(join(folder, "gate-"));
  const events: JournalEvent[] = [];
  const bugs: unknown[] = [];
  const secrets = repos.flatMap(({ token }) => token ?? []);
  const policy: GatePolicy = {
    ...{ repos, ownBranches: OWN, folder: join(own, "mirrors"), cache: join(folder, "cache/git") },
    ...{
      extraCaPem: undefined,
      upstreamProxy: undefined,
      sshAgent: undefined,
      gitleaks: undefined,
      limits: GATE_LIMITS,
    },
    ...over,
  };
  mkdirSync(dirname(policy.cache), { recursive: true });
  const gate = await openGate(
    {
      policy,
      scan: makePushScan([GIVEN, ...secrets.map((one) => ({ name: one.name, value: one.expose("test") }))]),
      redact: makeRedact([new SecretValue(GIVEN.name, GIVEN.value), ...secrets]),
      ask,
      journal: (event) => void events.push(event),
      holder: await readHolder(process.pid),
      clock: systemClock,
      onBug: (error) => void bugs.push(error),
    },
    scope,
  );
  gate.serve(listener);
  const url = (name = "example") => `http://127.0.0.1:${port}/${name}.git`;
  const agentUntil = async (signal: AbortSignal | undefined, cwd: string, ...args: readonly string[]): Promise<Ran> => {
    const child = spawn("git", args, { cwd, env: GIT_ENV, stdio: ["ignore", "pipe", "pipe"] });
    signal?.addEventListener("abort", () => child.kill("SIGINT"));
    const code = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, out, err };
  };
  const agent = (cwd: string, ...args: readonly string[]) => agentUntil(undefined, cwd, ...args);
  let clones = 0;
  return {
    ...{ folder, port, gate, events, bugs, url, agent, agentUntil },
    pushes: () => events.filter((event) => event.kind === "git-push"),
    fetches: () => events.filter((event) => event.kind === "git-fetch"),
    clone: async (name, ...args) => {
      const target = join(own, `clone-${clones++}`);
      const ran = await agent(own, "clone", "-q", ...args, url(name), target);
      if (ran.code !== 0) throw new Error(ran.err);
      return target;
    },
    close: () => scope.close(),
  };
}

/** Writes a file and commits it; gives the commit. */
export function commit(clone: string, path: string, content: string | Buffer, message = `change ${path}`): string {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), content);
  git(clone, "add", "-A");
  git(clone, "commit", "-q", "-m", message);
  return git(clone, "rev-parse", "HEAD");
}

/** The body of a push as a client that keeps no rule of git may send it. */
export function makePushBody(updates: readonly string[], pack: Buffer, capabilities = "report-status side-band-64k") {
  const lines = updates.map((update, index) => (index === 0 ? `${update}\0${capabilities}` : update));
  const packets = lines.map((line) => `${(Buffer.byteLength(line) + 4).toString(16).padStart(4, "0")}${line}`);
  return Buffer.concat([Buffer.from(`${packets.join("")}0000`), pack]);
}

/** Sends a push as it is; gives what the gate answers, without the heads of its packets. */
export async function pushRaw(world: GateWorld, body: Buffer, name = "example"): Promise<string> {
  const headers = { "Content-Type": "application/x-git-receive-pack-request" };
  const target = `http://127.0.0.1:${world.port}/${name}.git/git-receive-pack`;
  const answer = await fetch(target, { method: "POST", headers, body: new Uint8Array(body) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  let words = "";
  for (let at = 0, size = 0; at < bytes.length; at += Math.max(size, 4)) {
    size = Number.parseInt(bytes.toString("latin1", at, at + 4), 16);
    words += bytes.toString("utf8", at + 5, at + size);
  }
  return words;
}

/** The refs of a repository, as `NAME OBJECT`. */
export function refsOf(path: string): readonly string[] {
  return git(path, "for-each-ref", "--format=%(refname) %(objectname)").split("\n").filter(Boolean);
}

/** What a mirror or an upstream must not have after any push: locks, half a push. */
export function leftoversIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.lock$|tmp_objdir|incoming-|tmp_pack/.test(name));
}
