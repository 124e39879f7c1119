import { basename } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { parseSlug, type Slug } from "../../base/ids.ts";
import { signalProcess } from "../../base/process.ts";
import type { GuestRef } from "../backend.ts";
import { readCgroupFacts } from "./cgroup-facts.ts";
import { closeCgroups, listCgroups, readCgroupPids } from "./cgroup-folders.ts";
import { decideCgroups } from "./cgroups.ts";
import { waitUntilUserGone } from "./identity.ts";
import { HOME_VARIABLE, makeGroupName, makeGroupPrefix, SLUG_VARIABLE } from "./labels.ts";
import { isAlive, type ProcessId, readPidNamespace, readPids, readProcess, readVariable } from "./proc-table.ts";
import { listUidClaims, releaseUid } from "./uid-claim.ts";
import { waitUntil } from "./wait-until.ts";

/** Where the guests of one home are looked for. */
export type Search = { readonly mark: string; readonly uid: number; readonly claimsFolder: string };

const GONE_DEADLINE_MS = 2000;

/** Guests of this home that run or have left something, found by their marks on processes, groups and claims. */
export async function listGuests(search: Search): Promise<readonly GuestRef[]> {
  const [holders, claims, groups] = await Promise.all([
    findProcesses(HOME_VARIABLE, search.mark),
    search.uid === 0 ? listUidClaims(search.claimsFolder) : [],
    listCgroups(decideCgroups(readCgroupFacts()), makeGroupPrefix(search.mark)),
  ]);
  const found = new Map<Slug, string>();
  const add = (text: string, detail: string) => {
    const slug = parseSlug(text);
    if (slug !== undefined && !found.has(slug)) found.set(slug, detail);
  };
  for (const { pid } of holders) add((await readVariable(pid, SLUG_VARIABLE)) ?? "", `process ${pid}`);
  for (const claim of claims) if (claim.home === search.mark) add(claim.slug, `user id ${claim.uid}`);
  for (const group of groups) add(basename(group).slice(makeGroupPrefix(search.mark).length), "control group");
  return [...found].map(([slug, detail]) => ({ backend: "local", slug, detail }));
}

/**
 * Ends what is left of a guest and gives back what it held. When it resolves nothing of the guest lives, so that its folders
 * can be deleted, also by root. Throws `process/failed` when something will not die.
 */
export async function removeGuest(search: Search, slug: Slug): Promise<void> {
  const processes = await findProcesses(SLUG_VARIABLE, slug);
  for (const one of processes) if (await isAlive(one)) signalProcess(one.pid, "SIGKILL");
  const dead = async () => !(await Promise.all(processes.map(isAlive))).includes(true);
  if (!(await waitUntil(dead, GONE_DEADLINE_MS))) throw stillAlive(slug);
  const places = decideCgroups(readCgroupFacts());
  const groups = (await listCgroups(places, makeGroupName(search.mark, slug))).filter(
    (folder) => basename(folder) === makeGroupName(search.mark, slug),
  );
  // only processes of this guest are ever put into these groups
  for (const pid of (await Promise.all(groups.map(readCgroupPids))).flat()) signalProcess(pid, "SIGKILL");
  await closeCgroups(groups);
  if (search.uid !== 0) return;
  for (const claim of await listUidClaims(search.claimsFolder)) {
    if (claim.slug !== slug || claim.home !== search.mark) continue;
    if (!(await waitUntilUserGone(claim.uid))) throw stillAlive(slug);
    await releaseUid(search.claimsFolder, claim.uid);
  }
}

function stillAlive(slug: Slug): BottleError {
  return new BottleError("process/failed", `processes of the bottle ${slug} do not end`, {
    hint: `look for them with: ps -ef | grep ${slug}`,
  });
}

/** Processes that were started with this variable. Those in another pid namespace are inside a bottle and may lie. */
async function findProcesses(name: string, value: string): Promise<readonly ProcessId[]> {
  const own = await readPidNamespace("self");
  const found = await Promise.all(
    (await readPids()).map(async (pid) => {
      if ((await readVariable(pid, name)) !== value) return undefined;
      return (await readPidNamespace(pid)) === own ? await readProcess(pid) : undefined;
    }),
  );
  return found.filter((one) => one !== undefined);
}
