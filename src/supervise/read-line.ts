import type { Socket } from "node:net";
import { LONGEST_LINE } from "./control-message.ts";

/** The first line that comes on a socket; undefined when it ends without one, or the line is too long or too slow. */
export function readLine(socket: Socket, waitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => finish(undefined), waitMs);
    const finish = (line: string | undefined) => {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onClose);
      resolve(line);
    };
    const onClose = () => finish(undefined);
    const onData = (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      const end = bytes.indexOf(10);
      if (end !== -1) finish(bytes.subarray(0, end).toString("utf8"));
      else if (bytes.length > LONGEST_LINE) finish(undefined);
    };
    socket.on("data", onData).on("close", onClose);
  });
}
