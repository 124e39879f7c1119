import type { Slug } from "../base/ids.ts";
import type { BackendName } from "../manifest/bottle.ts";
import type { Leftover } from "./find-leftovers.ts";
import type { ListedBottle } from "./list-bottles.ts";
import type { ListedLabel } from "./list-labels.ts";

/** What is on this machine. */
export type CleanupFacts = {
  readonly bottles: readonly ListedBottle[];
  readonly guests: readonly FoundGuest[];
  /** Backends that could not be asked for theirs */
  readonly unasked: ReadonlySet<BackendName>;
  readonly labels: readonly ListedLabel[];
  readonly leftovers: readonly Leftover[];
  readonly now: Date;
};

/** A guest that a backend found by its label. */
export type FoundGuest = { readonly backend: BackendName; readonly slug: Slug; readonly detail: string };

/** What was asked for; nothing of it removes anything of a bottle that runs. */
export type CleanupRules = {
  /** Also what ended bottles kept, unless somebody may still want it */
  readonly results: boolean;
  /** The same for bottles that ended so long ago, `ms`; narrows `results` and `all` to them */
  readonly olderThanMs: number | undefined;
  /** Also changed workspaces, which nobody can make again */
  readonly all: boolean;
};

/** One thing that is removed, and why. */
export type Removal =
  | { readonly kind: "guest"; readonly guest: FoundGuest; readonly why: string }
  | { readonly kind: "state"; readonly slug: Slug; readonly folder: string; readonly why: string }
  /** Marks the bottle as ended and removes its home and scratch folders; workspace and journal stay */
  | { readonly kind: "settle"; readonly slug: Slug; readonly folder: string; readonly why: string }
  | { readonly kind: "label"; readonly label: string; readonly path: string; readonly why: string }
  | { readonly kind: "leftover"; readonly leftover: Leftover; readonly why: string };

/** One bottle whose files stay, and what would remove them. */
export type Kept = {
  readonly slug: Slug;
  readonly folder: string;
  readonly why: string;
  /** Backend that could not be asked whether it still has a guest of it */
  readonly unasked: BackendName | undefined;
};

/** All removals, in the order in which they are done, and what stays. */
export type CleanupPlan = { readonly removals: readonly Removal[]; readonly kept: readonly Kept[] };

type Decision = { readonly kind: "state" | "settle" | "keep"; readonly why: string };

/** Decides what a clean-up removes: what dead and half-started bottles left, and kept results only when asked. */
export function planCleanup(facts: CleanupFacts, rules: CleanupRules): CleanupPlan {
  const live = new Set(facts.bottles.filter(isLive).map((bottle) => bottle.slug));
  const guests = facts.guests
    .filter((guest) => !live.has(guest.slug))
    .map((guest): Removal => ({ kind: "guest", guest, why: "no running bottle holds it" }));
  const labels = facts.labels
    .filter((label) => !label.alive)
    .map(({ label, path }): Removal => ({ kind: "label", label, path, why: "the bottle that had it is gone" }));
  const leftovers = facts.leftovers.map((leftover): Removal => ({ kind: "leftover", leftover, why: leftover.why }));
  const states: Removal[] = [];
  const kept: Kept[] = [];
  for (const bottle of facts.bottles) {
    if (isLive(bottle)) continue;
    const unasked = findUnasked(bottle, facts.unasked);
    const { kind, why } = unasked === undefined ? decide(bottle, facts.now, rules) : UNCHECKED;
    const what = { slug: bottle.slug, folder: bottle.folders.root, why };
    if (kind === "keep") kept.push({ ...what, unasked });
    else states.push({ kind, ...what });
  }
  return { removals: [...guests, ...states, ...labels, ...leftovers], kept };
}

function isLive(bottle: ListedBottle): boolean {
  return bottle.status === "running" || bottle.status === "starting";
}

const UNCHECKED: Decision = { kind: "keep", why: "it may still run, and hold what the agent made: nobody answers" };

/** The backend that would have to be asked first; one that ended has given back what it held. */
function findUnasked({ status, record }: ListedBottle, unasked: CleanupFacts["unasked"]): BackendName | undefined {
  return status === "dead" && record !== undefined && unasked.has(record.backend) ? record.backend : undefined;
}

function decide({ status, record, damage }: ListedBottle, now: Date, rules: CleanupRules): Decision {
  if (damage !== undefined) {
    if (rules.all) return { kind: "state", why: "its record is damaged" };
    return { kind: "keep", why: "its record is damaged, so nobody knows what it holds; --all includes it" };
  }
  if (record === undefined || (status === "dead" && record.status === "starting")) {
    return { kind: "state", why: "its start was not finished" };
  }
  const wanted = record.results === "changed" || record.results === undefined;
  if (status === "dead") {
    if (!wanted) return { kind: "state", why: "its process is gone and its workspace holds nothing new" };
    if (rules.all && rules.olderThanMs === undefined) return { kind: "state", why: "its process is gone" };
    return { kind: "settle", why: "its process is gone; the workspace may hold changes and stays, --all includes it" };
  }
  if (!isAskedFor(Date.parse(record.endedAt ?? record.startedAt), now, rules)) {
    return { kind: "keep", why: wanted ? "changed; --all includes it" : "kept; --results includes it" };
  }
  if (wanted && !rules.all) return { kind: "keep", why: "its workspace was changed; --all includes it" };
  return { kind: "state", why: wanted ? "it ended; its changed workspace was asked for" : "it ended" };
}

function isAskedFor(ended: number, now: Date, { results, olderThanMs, all }: CleanupRules): boolean {
  if (olderThanMs === undefined) return results || all;
  return now.getTime() - ended >= olderThanMs;
}
