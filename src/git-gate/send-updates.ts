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

/** What of a push the upstream took; unknown where it may even be at it still. */
export type Took = "all" | "none" | "unknown";

/**
 * Looks at the upstream's refs where the answer to a push is not its own: a connection that breaks looks the same before and
 * after it has changed them.
 */
export async function findTook(
  { exit, stdout }: Finished,
  updates: readonly RefUpdate[],
  list: (...names: readonly string[]) => Promise<Finished>,
): Promise<Took> {
  if (exit.kind === "code" && exit.code === 0) return "all";
  const told = stdout.toString("utf8");
  const hasBegun = exit.kind === "signal" || told.includes("\t[remote failure]");
  if (!hasBegun && /\t\[(?:remote )?rejected\]/.test(told)) return "none";
  const listed = await list(...updates.map(({ name }) => name)).catch(() => undefined);
  if (listed?.exit.kind !== "code" || listed.exit.code !== 0) return "unknown";
  const lines = listed.stdout.toString("utf8").split("\n");
  const has = ({ name, new: id }: RefUpdate): boolean =>
    isNothing(id) ? !lines.some((line) => line.endsWith(`\t${name}`)) : lines.includes(`${id}\t${name}`);
  if (updates.every(has)) return "all";
  return hasBegun ? "unknown" : "none";
}

/** Changes the mirror's own refs, all or none. */
export function keepUpdates(updates: readonly RefUpdate[], call: GitCall): Promise<Finished> {
  const lines = updates.map((one) =>
    isNothing(one.new) ? `delete ${one.name} ${one.old}\n` : `update ${one.name} ${one.new} ${one.old}\n`,
  );
  return runGit(["update-ref", "--no-deref", "--stdin"], { ...call, stdin: lines.join("") });
}
