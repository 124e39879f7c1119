import { Server } from "node:net";
import { BottleError } from "../../base/errors.ts";
import type { LinkService } from "../../plan/link-ports.ts";
import type { Listeners } from "../backend.ts";
import { collectText } from "./holder.ts";
import { readableAt, startSealed } from "./sealed-process.ts";

const DEADLINE_MS = 20_000;

/**
 * Runs the command that makes listening sockets in a guest's network, one for each service and in their order, and takes
 * them from it; when this resolves they are ours alone. Throws `launch/failed` when there are not as many as asked for.
 */
export async function openListeners(
  chain: readonly [string, ...string[]],
  link: readonly LinkService[],
  env: Readonly<Record<string, string>>,
): Promise<Listeners> {
  const { child, exit } = startSealed(chain, { env, stdio: ["ignore", "ignore", "pipe", "ipc"], detached: true });
  const words = collectText(readableAt(child, 2));
  const listeners: Server[] = [];
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  child.on("message", (_message, handle) => {
    if (handle instanceof Server) listeners.push(handle);
  });
  // the channel ends after the last message was taken; a child that could not be started has none
  const over = new Promise<void>((resolve) => child.once("disconnect", resolve).once("error", () => resolve()));
  await Promise.all([over, exit]);
  clearTimeout(timer);
  // they come in the order of the ports in the command
  const named: Listeners = Object.fromEntries(link.map((service, index) => [service, listeners[index]]));
  if (listeners.length === link.length) return named;
  await Promise.all(listeners.map(closeListener));
  const why = (await words).trim() || "the helper that listens inside ended without a word";
  throw new BottleError("launch/failed", `the bottle's way to its warden could not be made: ${why}`, {
    hint: "`bottle doctor` checks this machine; a bottle without `egress.routes` needs no such way",
  });
}

/** Ends what nobody serves any more; doing it twice is no error. */
export async function closeListeners(listeners: Listeners): Promise<void> {
  await Promise.all(Object.values(listeners).map(closeListener));
}

async function closeListener(listener: Server): Promise<void> {
  if (listener.listening) await new Promise<void>((resolve) => listener.close(() => resolve()));
}
