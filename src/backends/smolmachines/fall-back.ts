import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { makePrivateFolder } from "../../base/files.ts";
import { Scope } from "../../base/scope.ts";
import type { Guest, GuestSpec } from "../backend.ts";

/**
 * Opens a guest from what was prepared; where that fails, takes everything back and opens it from what is prepared instead.
 * The files of the bottle are gathered once.
 */
export async function openOrFallBack(
  spec: GuestSpec,
  scope: Scope,
  open: (spec: GuestSpec, scope: Scope) => Promise<Guest>,
): Promise<Guest> {
  const { instead } = spec;
  if (instead === undefined) return open(spec, scope);
  const first = new Scope();
  scope.defer("take back the machine", () => first.close());
  const filling = spec.fill && gatherOnce(spec.fill);
  const once = filling === undefined ? spec : { ...spec, fill: filling.fill };
  try {
    return await open(once, first);
  } catch (error) {
    if (!(error instanceof BottleError) || filling?.failed() === true) throw error;
    await first.close();
    const { image } = await instead(error);
    const scratch = join(spec.scratch, "again"); // what the first one wrote into its own is not looked at
    await makePrivateFolder(scratch);
    return open({ ...once, image, scratch }, scope);
  }
}

/** The first failure of a guest does not stop the gathering, which the second one needs. */
function gatherOnce(fill: NonNullable<GuestSpec["fill"]>) {
  let gathered: Promise<void> | undefined;
  let isFailed = false;
  const unheard = new AbortController().signal;
  return {
    failed: () => isFailed,
    fill: (owner: Parameters<typeof fill>[0]): Promise<void> => {
      gathered ??= fill(owner, unheard).catch((error: unknown) => {
        isFailed = true;
        throw error;
      });
      return gathered;
    },
  };
}
