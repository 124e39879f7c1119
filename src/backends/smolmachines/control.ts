import { chmodSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import type { Link } from "../link.ts";
import { type MainProcess, speakWithMain } from "../main-process.ts";
import { CONTROL_SOCKET } from "./args.ts";

/** The main process of a machine, for as long as it holds its connection. */
export type MachineHolder = MainProcess & {
  /** Resolves when the connection is over: by then everything inside has been ended, or the machine is gone */
  readonly exit: Promise<void>;
  /** Tells it to end everything inside. */
  release(): void;
};

/** Longest address of a socket, bytes; smolvm opens it by its whole name */
const LONGEST_ADDRESS = 100;

/**
 * Waits for the main process of a machine on a socket of the link's folder. The first that comes is taken, and nobody after
 * it: at that time nothing else runs inside.
 */
export async function openControl(link: Link, scope: Scope): Promise<{ readonly connected: Promise<MachineHolder> }> {
  const path = join(link.folder, CONTROL_SOCKET);
  if (Buffer.byteLength(path) > LONGEST_ADDRESS) {
    throw new BottleError("launch/failed", `${path} is too long for the address of a socket`, {
      hint: "keep the state of bottles in a folder with a shorter name: export BOT_BOTTLE_HOME=/…",
    });
  }
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o666);
  scope.defer("close the socket of the main process", () => void server.close());
  const connected = new Promise<MachineHolder>((resolve) => {
    server.once("connection", (socket) => {
      server.close();
      socket.on("error", () => {}); // its end tells
      socket.once("end", () => socket.end());
      const exit = new Promise<void>((settle) => socket.once("close", () => settle()));
      scope.defer("let go of the main process", () => void socket.destroy());
      const end = () => void socket.destroy();
      const main = speakWithMain({ input: socket, output: socket, ended: exit, words: () => "", end }, link);
      resolve({ ...main, exit, release: () => void socket.end() });
    });
  });
  return { connected };
}
