import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import type { Slug } from "../base/ids.ts";
import { type ListedBottle, listBottles } from "../bottles/list-bottles.ts";
import { callControl } from "../supervise/call-control.ts";
import type { Answer, Hold } from "../supervise/hold-queue.ts";
import { findBottle } from "./find-bottle.ts";

/** Something that waits for an answer, and the bottle in which it does. */
export type WaitingHold = Hold & { readonly bottle: Slug };

/** What waits, and which bottles could not be asked. */
export type WaitingHolds = { readonly holds: readonly WaitingHold[]; readonly silent: readonly BottleError[] };

/** Everything that waits in the running bottles of this user, or in one of them; oldest first. */
export async function listHolds(context: Context, name: string | undefined): Promise<WaitingHolds> {
  const bottles = await runningBottles(context, name);
  const asked = await Promise.all(bottles.map(askBottle));
  const holds = asked.flatMap((one) => (one instanceof BottleError ? [] : one));
  return {
    holds: holds.sort((a, b) => (a.askedAt < b.askedAt ? -1 : 1)),
    silent: asked.filter((one) => one instanceof BottleError),
  };
}

/** Answers one of them, named by its id or the beginning of it. Throws `hold/not-found` when nothing of this name waits. */
export async function answerHold(
  context: Context,
  id: string,
  answer: Answer,
  name: string | undefined,
): Promise<WaitingHold> {
  const { holds, silent } = await listHolds(context, name);
  const exact = holds.filter((hold) => hold.id === id);
  const found = exact.length > 0 ? exact : holds.filter((hold) => id !== "" && hold.id.startsWith(id));
  const [hold, another] = found;
  if (hold === undefined) {
    if (silent[0] !== undefined) throw silent[0];
    throw notWaiting(id, holds);
  }
  if (another !== undefined) {
    throw new BottleError(
      "input/usage",
      `${JSON.stringify(id)} could be any of ${found.map((one) => one.id).join(", ")}`,
      {
        hint: "write more of it, or name the bottle with --bottle",
      },
    );
  }
  const bottle = await findBottle(context.paths.state, hold.bottle);
  const by = `uid ${context.uid}, pid ${context.pid}`;
  const reply = await callControl(bottle.folders.control, { kind: "answer", id: hold.id, answer, by });
  if (reply?.kind === "answered") return hold;
  throw notWaiting(
    id,
    holds.filter((one) => one !== hold),
  );
}

async function runningBottles({ paths }: Context, name: string | undefined): Promise<readonly ListedBottle[]> {
  if (name === undefined) return (await listBottles(paths.state)).filter(isRunning);
  const bottle = await findBottle(paths.state, name);
  if (isRunning(bottle)) return [bottle];
  throw new BottleError("bottle/not-found", `${bottle.slug} has ended: nothing waits in it`, {
    hint: "`bottle logs` shows what happened to what waited",
  });
}

function isRunning({ status }: ListedBottle): boolean {
  return status === "running" || status === "starting";
}

/** A bottle without a way out has no warden, and nothing that waits. */
async function askBottle({ slug, folders }: ListedBottle): Promise<readonly WaitingHold[] | BottleError> {
  try {
    const reply = await callControl(folders.control, { kind: "list" });
    return reply?.kind === "holds" ? reply.holds.map((hold) => ({ ...hold, bottle: slug })) : [];
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
}

function notWaiting(id: string, others: readonly WaitingHold[]): BottleError {
  const hint =
    others.length === 0
      ? "nothing waits: it was answered, its time was up, or its bottle has ended; `bottle logs` tells which"
      : `what waits: ${others.map((hold) => hold.id).join(", ")}`;
  return new BottleError("hold/not-found", `nothing called ${JSON.stringify(id)} waits for an answer`, { hint });
}
