import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import type { GuestSpec } from "../backend.ts";
import type { Identity } from "./chain.ts";
import { isUserAlive, readProcess } from "./proc-table.ts";
import type { LocalSetup } from "./setup.ts";
import { claimUid, releaseUid } from "./uid-claim.ts";
import { waitUntil } from "./wait-until.ts";

/** Folder of the machine-wide claims; gone with the next boot, like everything that could still use one. */
export const CLAIMS_FOLDER = "/run/bot-bottle/uids";

const EMPTY_DEADLINE_MS = 2000;

/**
 * Decides whom a guest runs as: an ordinary user as himself; under root the owner of a mounted folder, or else a user id
 * that no other bottle has. Never kernel uid 0: refuses instead.
 */
export async function openIdentity(
  setup: LocalSetup,
  spec: Pick<GuestSpec, "slug" | "workspace">,
  mark: string,
  scope: Scope,
): Promise<Identity> {
  if (setup.uid !== 0) return { kind: "self", uid: setup.uid, gid: setup.gid };
  if (spec.workspace.kind === "mount") {
    const { uid, gid } = spec.workspace.owner;
    if (uid === 0 || gid === 0) {
      throw new BottleError("workspace/not-allowed", `${spec.workspace.path} belongs to root and cannot be mounted`, {
        hint: "use `workspace.mode: copy`, or give the folder to an ordinary user: chown -R USER:GROUP",
      });
    }
    return { kind: "dropped", uid, gid };
  }
  const holder = await readProcess(setup.pid);
  if (holder === undefined) throw new Error(`process ${setup.pid} is not in /proc`);
  const folder = setup.claimsFolder ?? CLAIMS_FOLDER;
  const { uid } = await claimUid(folder, { slug: spec.slug, home: mark, holder });
  scope.defer("release the user id of the bottle", async () => {
    // a claim that stays is found by `remove`; one that is given back too early would be shared
    if (await waitUntilUserGone(uid)) await releaseUid(folder, uid);
  });
  return { kind: "dropped", uid, gid: uid };
}

/** Waits until no process of a user lives any more; false when some still do after two seconds. */
export function waitUntilUserGone(uid: number): Promise<boolean> {
  return waitUntil(async () => !(await isUserAlive(uid)), EMPTY_DEADLINE_MS);
}
