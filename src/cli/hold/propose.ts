import { listHolds } from "../../lifecycle/holds.ts";
import type { CommandContext } from "../context.ts";

/** The ids of everything that waits and begins like this. */
export async function proposeHolds(context: CommandContext, partial: string): Promise<readonly string[]> {
  const { holds } = await listHolds(context, undefined);
  return holds.map(({ id }) => id).filter((id) => id.startsWith(partial));
}
