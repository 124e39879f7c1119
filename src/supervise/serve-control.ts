import { createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { fileError } from "../base/files.ts";
import type { Scope } from "../base/scope.ts";
import { setPrivate } from "../base/set-private.ts";
import { openShortName } from "../base/short-name.ts";
import { type ControlReply, parseControlRequest, renderControl } from "./control-message.ts";
import type { HoldQueue } from "./hold-queue.ts";
import { readLine } from "./read-line.ts";

const MOST_CONNECTIONS = 16;
const WAIT_MS = 5_000;

/**
 * Listens at a socket that only its owner can open, in a folder that only its owner can enter, and answers one request a
 * connection from the queue, until the scope closes.
 */
export async function serveControl(path: string, queue: HoldQueue, scope: Scope): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    if (open.size > MOST_CONNECTIONS) socket.destroy();
    else void answerOne(socket, queue);
  });
  const name = basename(path);
  const folder = openShortName(dirname(path), name);
  scope.defer("close the control socket", async () => {
    for (const socket of open) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    folder.close();
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(join(folder.path, name), resolve);
    });
  } catch (error) {
    throw fileError(error, "create", path);
  }
  await setPrivate(path);
}

async function answerOne(socket: Socket, queue: HoldQueue): Promise<void> {
  const line = await readLine(socket, WAIT_MS);
  if (line === undefined) return void socket.destroy();
  socket.end(renderControl(replyTo(line, queue)));
}

function replyTo(line: string, queue: HoldQueue): ControlReply {
  const request = parseControlRequest(line);
  switch (request.kind) {
    case "refused":
      return request;
    case "list":
      return { kind: "holds", holds: queue.waiting() };
    case "answer":
      return { kind: queue.answer(request.id, request.answer, request.by) ? "answered" : "not-waiting" };
  }
}
