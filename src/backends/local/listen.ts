import { Server } from "node:net";
import { type Child, signalProcess } from "../../base/process.ts";
import type { LinkService } from "../../plan/link-ports.ts";
import type { Listeners } from "../backend.ts";

const DEADLINE_MS = 20_000;

/**
 * Takes listening sockets that come over a detached child's channel, one for each service and in their order. When this resolves
 * whoever sent them has ended, and they are ours alone; undefined when there are not as many as asked for.
 */
export async function takeListeners(child: Child, link: readonly LinkService[]): Promise<Listeners | undefined> {
  if (link.length === 0) return {};
  const listeners: Server[] = [];
  child.on("message", (_message, handle) => {
    if (handle instanceof Server) listeners.push(handle);
  });
  const { pid } = child;
  // the child heads a group, in which is whatever keeps the channel
  const timer = setTimeout(() => pid !== undefined && signalProcess(-pid, "SIGKILL"), DEADLINE_MS);
  // the channel ends after the last message was taken; a child that could not be started has none
  await new Promise<void>((resolve) => child.once("disconnect", resolve).once("error", () => resolve()));
  clearTimeout(timer);
  // they come in the order of the ports in the command
  const named: Listeners = Object.fromEntries(link.map((service, index) => [service, listeners[index]]));
  if (listeners.length === link.length) return named;
  await Promise.all(listeners.map(closeListener));
  return undefined;
}

/** Ends what nobody serves any more; doing it twice is no error. */
export async function closeListeners(listeners: Listeners): Promise<void> {
  await Promise.all(Object.values(listeners).map(closeListener));
}

async function closeListener(listener: Server): Promise<void> {
  if (listener.listening) await new Promise<void>((resolve) => listener.close(() => resolve()));
}
