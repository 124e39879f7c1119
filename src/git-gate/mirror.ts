import { scrypt } from "node:crypto";
import { join } from "node:path";
import { folderExists, makePrivateFolder, removeTree, writeAtomically } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import { tryLock } from "../base/lock.ts";
import type { Finished } from "../base/process.ts";
import { askUpstream } from "./ask-upstream.ts";
import { readGit } from "./git-process.ts";
import { type ObjectFormat, renderMirrorConfig } from "./mirror-config.ts";
import type { GatePolicy, GateRepo } from "./policy.ts";
import { findTook, keepUpdates, type RefUpdate, sendUpdates, type Took } from "./send-updates.ts";
import { sweepMirror } from "./sweep-mirror.ts";
import { Turns } from "./turns.ts";
import type { UpstreamAccess } from "./upstream-access.ts";
import { parseOwnRefs, parseUpstreamRefs, type Refs, sameRefs, type UpstreamRefs } from "./upstream-refs.ts";

/** What came of looking at an upstream. */
export type Refreshed = { readonly kind: "fresh" } | { readonly kind: "unreachable"; readonly said: string };

/** What the upstream did with a push, and what of it the mirror could not follow. */
export type Delivered = { readonly sent: Finished; readonly took: Took; readonly unkept: string | undefined };

/** A bare repository of one bottle that has what the upstream has: its branches, its tags, and nothing else. */
export type Mirror = {
  readonly repo: GateRepo;
  readonly folder: string;
  /** Turns for everything that changes refs */
  readonly turns: Turns;
  /** Makes the mirror equal to the upstream, or says why that cannot be. */
  refresh(): Promise<Refreshed>;
  /** When it was last seen to be equal, `ms`; undefined before the first time */
  readonly freshAt: () => number | undefined;
  refs(): Promise<Refs>;
  /** Lets git receive a push; what one that was broken off leaves is removed before the next begins. */
  receive(work: () => Promise<"whole" | "broken">): Promise<void>;
  /**
   * Sends updates to the upstream, and changes the mirror's refs as the upstream did; in a turn. Until that is done, and
   * where it cannot be, the mirror counts as one that has to look at the upstream before it serves anything.
   */
  deliver(updates: readonly RefUpdate[]): Promise<Delivered>;
  /** Ends what is kept open to the upstream. */
  close(): Promise<void>;
};

type MirrorState = {
  format: ObjectFormat | undefined;
  /** Branch that the mirror's own HEAD is set to */
  head: string | undefined;
  freshAt: number | undefined;
  /** A look at the upstream that waits for its turn */
  running: Promise<Refreshed> | undefined;
  /** How many git receives at this moment */
  pushes: number;
  /** Whether one of them was broken off */
  dirty: boolean;
  /** A clean-up that is not done */
  swept: Promise<void> | undefined;
};

/** What a mirror is made with. */
export type MirrorParts = {
  readonly policy: GatePolicy;
  readonly repo: GateRepo;
  readonly access: UpstreamAccess;
  readonly hooks: string;
  readonly holder: Holder;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

const REFSPECS = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
const FETCH = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
const FETCH_MORE = ["--no-recurse-submodules", "--update-head-ok", "--refmap="];

/** A mirror that is made when it is first looked at. */
export function makeMirror(parts: MirrorParts): Mirror {
  const { policy, repo, access, now, signal } = parts;
  const { limits } = policy;
  const folder = join(policy.folder, `${repo.name}.git`);
  const turns = new Turns();
  const state: MirrorState = {
    format: undefined,
    head: undefined,
    freshAt: undefined,
    running: undefined,
    pushes: 0,
    dirty: false,
    swept: undefined,
  };
  const refs = () => readRefs(folder);
  const follow = async (updates: readonly RefUpdate[]): Promise<string | undefined> => {
    try {
      const kept = await keepUpdates(updates, { cwd: folder, env: { GIT_DIR: folder }, timeoutMs: limits.listMs });
      if (isDone(kept)) return undefined;
      await sweepMirror(folder, false);
      return kept.stderr;
    } catch (error) {
      return error instanceof Error ? error.message : "unknown";
    }
  };
  const list = (...names: readonly string[]) =>
    askUpstream(["ls-remote", "--symref", "--", repo.url, ...names], {
      ...{ cwd: policy.folder, env: { ...access.env, GIT_DIR: "/dev/null" }, timeoutMs: limits.listMs, signal },
    });
  const look = async (): Promise<Refreshed> => {
    const listed = await list("HEAD", "refs/heads/*", "refs/tags/*");
    if (!isDone(listed)) return { kind: "unreachable", said: listed.stderr };
    const upstream = parseUpstreamRefs(listed.stdout.toString("utf8"));
    if (state.format === undefined || (upstream.refs.size > 0 && state.format !== upstream.format)) {
      await removeTree(folder);
      await makeFolder(parts, folder, upstream.format);
      // with all objects in the store, the refs are all that is missing; what cannot be set is fetched
      if (await borrowObjects(parts, folder, upstream)) await follow(asNew(upstream.refs));
      state.format = upstream.format;
      state.head = undefined;
    }
    if (!sameRefs(upstream.refs, await refs())) {
      const fetched = await fetchInto(parts, folder);
      if (!isDone(fetched)) {
        if (state.pushes === 0)
          state.format = undefined; // the next look makes it anew, if it is the mirror that is broken
        else await sweepMirror(folder, false);
        return { kind: "unreachable", said: fetched.stderr };
      }
    }
    if (upstream.head !== undefined && upstream.head !== state.head) {
      await readGit(["symbolic-ref", "HEAD", upstream.head], { cwd: folder, env: { GIT_DIR: folder } });
      state.head = upstream.head;
    }
    state.freshAt = now();
    return { kind: "fresh" };
  };
  const sweep = async () => {
    if (state.pushes === 0) await sweepMirror(folder, true);
  };
  return {
    ...{ repo, folder, turns, refs },
    receive: async (work) => {
      while (state.swept !== undefined) await state.swept;
      state.pushes += 1;
      const how = await work().finally(() => {
        state.pushes -= 1;
      });
      if (how === "broken") state.dirty = true;
      if (!state.dirty || state.pushes > 0) return;
      state.dirty = false;
      state.swept = turns.run(sweep).finally(() => {
        state.swept = undefined;
      });
      await state.swept;
    },
    freshAt: () => state.freshAt,
    close: () => access.close(),
    // whoever asks while one is waiting for its turn gets the answer of that one
    refresh: () => {
      state.running ??= turns.run(() => {
        state.running = undefined;
        state.freshAt = undefined; // what fails, or throws, serves nothing
        return look();
      });
      return state.running;
    },
    deliver: async (updates) => {
      const { freshAt } = state;
      state.freshAt = undefined;
      const env = { ...access.env, GIT_DIR: folder };
      const sent = await sendUpdates(repo.url, updates, { cwd: folder, env, timeoutMs: limits.transferMs, signal });
      const took = await findTook(sent, updates, list);
      if (took !== "all") return { sent, took, unkept: undefined };
      const unkept = await follow(updates);
      if (unkept === undefined) state.freshAt = freshAt;
      return { sent, took, unkept };
    },
  };
}

/** Whether a command ended as it should. */
export function isDone({ exit }: Finished): boolean {
  return exit.kind === "code" && exit.code === 0;
}

function fetchInto({ policy, repo, access, signal }: MirrorParts, folder: string): Promise<Finished> {
  return askUpstream([...FETCH, ...FETCH_MORE, "--", repo.url, ...REFSPECS], {
    ...{ cwd: folder, env: { ...access.env, GIT_DIR: folder }, timeoutMs: policy.limits.transferMs, signal },
  });
}

async function makeFolder({ policy, hooks }: MirrorParts, folder: string, format: ObjectFormat): Promise<void> {
  const args = ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, "--", folder];
  await readGit(args, { cwd: policy.folder });
  await writeAtomically(
    join(folder, "config"),
    renderMirrorConfig({ format, hooks, packBytes: policy.limits.packBytes }),
  );
}

/** A name that says nothing about the credential in it, also when that is a short password: each guess is dear. */
function nameStore(identity: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(identity, "bot-bottle git store", 16, (error, key) =>
      error ? reject(error) : resolve(key.toString("hex")),
    );
  });
}

/**
 * Lets the mirror read objects that bottles of this user share, after bringing them up to date unless another bottle is
 * doing that; says whether they are all that the upstream has. Refs are never shared: what is new to the upstream is decided
 * by the mirror's own. One shared store for each url and credential, so that nobody finds objects which his own credential
 * does not reach.
 */
async function borrowObjects(parts: MirrorParts, folder: string, { format, refs }: UpstreamRefs): Promise<boolean> {
  const { policy, repo } = parts;
  if (refs.size === 0) return false;
  const identity = JSON.stringify([
    format,
    repo.url,
    repo.key,
    repo.hostKey,
    repo.token?.expose("name of a cache folder"),
  ]);
  const store = join(policy.cache, await nameStore(identity));
  await makePrivateFolder(policy.cache);
  const attempt = await tryLock(`${store}.lock`, parts.holder);
  let whole = false;
  if (attempt.kind === "taken") {
    try {
      // what git makes last: a gate may have been killed while it made the store
      if (!(await folderExists(join(store, "objects")))) await makeFolder(parts, store, format);
      const hasAll = async () => sameRefs(refs, await readRefs(store)); // git sets a ref when it has all that it leads to
      whole = await hasAll();
      if (!whole) {
        // when it fails, the mirror's own fetch says why; what a killed bottle left is out of the way of the next one
        if (isDone(await fetchInto(parts, store))) whole = await hasAll();
        else await sweepMirror(store, true);
      }
    } finally {
      await attempt.lock.release();
    }
  }
  if (!(await folderExists(join(store, "objects")))) return false;
  await writeAtomically(join(folder, "objects/info/alternates"), `${join(store, "objects")}\n`);
  return whole;
}

async function readRefs(folder: string): Promise<Refs> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)"];
  return parseOwnRefs(await readGit(args, { cwd: folder, env: { GIT_DIR: folder } }));
}

function asNew(refs: Refs): readonly RefUpdate[] {
  return [...refs].map(([name, id]) => ({ name, old: "0".repeat(id.length), new: id }));
}
