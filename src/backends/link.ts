import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Scope } from "../base/scope.ts";
import { openShortName } from "../base/short-name.ts";
import { LINK_PORTS, type LinkService } from "../plan/link-ports.ts";
import type { Listeners } from "./backend.ts";

/** The sockets on our side of a bottle's link. */
export type Link = {
  /** Folder with one socket per port, for the container and nobody else */
  readonly folder: string;
  /** What the socket `probe` says: whoever reads it has reached this process, and not only its files */
  readonly nonce: string;
  /** Ports on the guest's loopback */
  readonly ports: readonly number[];
  readonly listeners: Listeners;
  /** Connects to one of them, for bytes that come another way; undefined for a port that is none of the link */
  connect(port: number): Duplex | undefined;
};

/**
 * Opens the sockets below a private folder. Whoever gets to them may use them: on this machine that is who owns the folder,
 * in the container it is the bottle's own user.
 */
export async function openLink(parent: string, services: readonly LinkService[], scope: Scope): Promise<Link> {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  chmodSync(parent, 0o700);
  const folder = join(parent, "link");
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const short = openShortName(folder, "probe");
  scope.defer("let go of the folder of the link", () => short.close());
  const base = short.path;
  const nonce = randomBytes(16).toString("hex");
  const probe = createServer((connection) => connection.on("error", () => {}).end(nonce));
  const serving = [...new Set(services)].map((service) => {
    return { service, port: LINK_PORTS[service], server: createServer({ allowHalfOpen: true }) };
  });
  const ports: readonly number[] = serving.map(({ port }) => port);
  const named = [["probe", probe] as const, ...serving.map(({ port, server }) => [String(port), server] as const)];
  scope.defer("close the sockets of the link", async () => {
    await Promise.all(named.map(([, server]) => closeServer(server)));
  });
  for (const [name, server] of named) {
    await listen(server, join(base, name));
    chmodSync(join(folder, name), 0o666);
  }
  return {
    folder,
    nonce,
    ports,
    listeners: Object.fromEntries(serving.map(({ service, server }) => [service, server])),
    connect: (port) =>
      ports.includes(port) ? connect({ path: join(base, String(port)), allowHalfOpen: true }) : undefined,
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
