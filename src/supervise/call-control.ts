import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { openShortName } from "../base/short-name.ts";
import { type ControlReply, type ControlRequest, parseControlReply, renderControl } from "./control-message.ts";
import { readLine } from "./read-line.ts";

const WAIT_MS = 5_000;

/** Asks the warden behind a control socket; undefined when nobody listens there. Throws `bottle/not-answering`. */
export async function callControl(path: string, request: ControlRequest): Promise<ControlReply | undefined> {
  const folder = openFolder(path);
  if (folder === undefined) return undefined;
  const socket = connect(join(folder.path, basename(path)));
  try {
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).on("error", () => resolve(false));
    });
    if (!connected) return undefined;
    socket.write(renderControl(request));
    const line = await readLine(socket, WAIT_MS);
    const reply = line === undefined ? undefined : parseControlReply(line);
    if (reply !== undefined && reply.kind !== "refused") return reply;
    const why = reply === undefined ? "it gave no answer that this version understands" : reply.why;
    throw new BottleError("bottle/not-answering", `the warden at ${path} was asked in vain: ${why}`, {
      hint: "it may have been started by another version of bot-bottle: use that one",
    });
  } finally {
    socket.destroy();
    folder.close();
  }
}

function openFolder(path: string) {
  try {
    return openShortName(dirname(path), basename(path));
  } catch {
    return undefined; // the folder went away with its bottle
  }
}
