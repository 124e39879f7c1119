import type { Finished } from "../base/process.ts";
import { askUpstream } from "./ask-upstream.ts";
import { type GitCall, runGit } from "./git-process.ts";

/** One ref as a push wants to change it. */
export type RefUpdate = { readonly name: string; readonly old: string; readonly new: string };

/** The id that says: there is no such ref. */
export function isNothing(id: string): boolean {
  return /^0+$/.test(id);
}

/** Sends updates to the upstream, all or none, and only where its refs still are what they were. */
export function sendUpdates(url: string, updates: readonly RefUpdate[], call: GitCall): Promise<Finished> {
  const leases = updates.map((one) => `--force-with-lease=${one.name}:${isNothing(one.old) ? "" : one.old}`);
  const specs = updates.map((one) => `${isNothing(one.new) ? "" : one.new}:${one.name}`);
  const atomic = updates.length > 1 ? ["--atomic"] : [];
  const args = ["push", "--porcelain", "--no-verify", "--no-signed", "--recurse-submodules=no", ...atomic, ...leases];
  return askUpstream([...args, "--", url, ...specs], call);
}

/** Changes the mirror's own refs, all or none. */
export function keepUpdates(updates: readonly RefUpdate[], call: GitCall): Promise<Finished> {
  const lines = updates.map((one) =>
    isNothing(one.new) ? `delete ${one.name} ${one.old}\n` : `update ${one.name} ${one.new} ${one.old}\n`,
  );
  return runGit(["update-ref", "--no-deref", "--stdin"], { ...call, stdin: lines.join("") });
}
