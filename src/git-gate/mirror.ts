import { join } from "node:path";
import { removeTree } from "../base/files.ts";
import type { Finished } from "../base/process.ts";
import type { ArrivingPack } from "./arriving-pack.ts";
import { askUpstream } from "./ask-upstream.ts";
import { readGit } from "./git-process.ts";
import type { ObjectFormat } from "./mirror-config.ts";
import { fetchInto, isDone, type MirrorParts, makeMirrorFolder, readRefs } from "./mirror-folder.ts";
import type { GateRepo } from "./policy.ts";
import { findTook, keepUpdates, type RefUpdate, sendUpdates, type Took } from "./send-updates.ts";
import { borrowObjects } from "./shared-store.ts";
import { sweepMirror } from "./sweep-mirror.ts";
import { Turns } from "./turns.ts";
import { arePlain, parseUpstreamRefs, type Refs, sameRefs, type UpstreamRefs } from "./upstream-refs.ts";

/** What came of looking at an upstream. */
export type Refreshed = { readonly kind: "fresh" } | { readonly kind: "unreachable"; readonly said: string };

/** A first fetch of everything that an upstream has, while it runs. */
export type FirstFetch = {
  readonly kind: "filling";
  /** When the upstream listed what it has, `ms` */
  readonly at: number;
  readonly upstream: UpstreamRefs;
  readonly pack: ArrivingPack;
  /** What comes of it, when the mirror has everything too */
  readonly end: Promise<Refreshed>;
};

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
  /** As `refresh`, but ends already when a first fetch of everything begins. */
  begin(): Promise<Refreshed | FirstFetch>;
  /** The first fetch that runs at this moment */
  readonly filling: () => FirstFetch | undefined;
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
  waiting: Look | undefined;
  filling: FirstFetch | undefined;
  /** How many git receives at this moment */
  pushes: number;
  /** Whether one of them was broken off */
  dirty: boolean;
  /** A clean-up that is not done */
  swept: Promise<void> | undefined;
};

/** A look at the upstream: what comes of it, and the first fetch that it begins, if it does. */
type Look = { readonly end: Promise<Refreshed>; readonly first: Promise<FirstFetch> };

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
    waiting: undefined,
    filling: undefined,
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
  const look = async (onFilling: (first: Omit<FirstFetch, "end">) => void): Promise<Refreshed> => {
    const listed = await list("HEAD", "refs/heads/*", "refs/tags/*");
    if (!isDone(listed)) return { kind: "unreachable", said: listed.stderr };
    const upstream = parseUpstreamRefs(listed.stdout.toString("utf8"));
    if (state.format === undefined || (upstream.refs.size > 0 && state.format !== upstream.format)) {
      await removeTree(folder);
      await makeMirrorFolder(parts, folder, upstream.format);
      const isPlain = arePlain(upstream.refs);
      const onArriving = (pack: ArrivingPack) => {
        // what the mirror makes of a HEAD that is no branch, git alone knows
        if (isPlain && upstream.refs.has(upstream.head ?? ""))
          onFilling({ kind: "filling", at: now(), upstream, pack });
      };
      // with all objects in the store, the refs are all that is missing; what cannot be set is fetched
      const isWhole = await borrowObjects(parts, folder, upstream, onArriving);
      if (isWhole && isPlain) await follow(asNew(upstream.refs));
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
  const startLook = (): Look => {
    let announce: (first: FirstFetch) => void = () => {};
    const first = new Promise<FirstFetch>((resolve) => {
      announce = resolve;
    });
    const end: Promise<Refreshed> = turns.run(async () => {
      state.waiting = undefined;
      state.freshAt = undefined; // what fails, or throws, serves nothing
      const onFilling = (begun: Omit<FirstFetch, "end">) => {
        state.filling = { ...begun, end };
        announce(state.filling);
      };
      return await look(onFilling).finally(() => {
        state.filling = undefined;
      });
    });
    return { end, first };
  };
  // whoever asks while one is waiting for its turn gets the answer of that one
  const nextLook = (): Look => {
    state.waiting ??= startLook();
    return state.waiting;
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
    refresh: () => nextLook().end,
    begin: () => {
      const { end, first } = nextLook();
      return Promise.race([end, first]);
    },
    filling: () => state.filling,
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

function asNew(refs: Refs): readonly RefUpdate[] {
  return [...refs].map(([name, id]) => ({ name, old: "0".repeat(id.length), new: id }));
}
