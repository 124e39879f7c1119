import { PassThrough, type Readable } from "node:stream";

/** Type of the output, three bytes of nothing, and how many bytes follow */
const HEAD_BYTES = 8;
const STDERR = 2;

/** The two outputs of a command. */
export type Outputs = { readonly stdout: Readable; readonly stderr: Readable };

/**
 * Takes apart what the engine sends for a command without a terminal. Whoever does not read the one output stops the other
 * too, as with the engine's command.
 */
export function splitOutputs(source: Readable): Outputs {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let head = Buffer.alloc(0);
  let left = 0;
  let target = stdout;
  const take = (chunk: Buffer): boolean => {
    let hasRoom = true;
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left);
        hasRoom = target.write(part) && hasRoom;
        at += part.length;
        left -= part.length;
        continue;
      }
      const part = chunk.subarray(at, at + HEAD_BYTES - head.length);
      head = Buffer.concat([head, part]);
      at += part.length;
      if (head.length < HEAD_BYTES) break;
      target = head[0] === STDERR ? stderr : stdout;
      left = head.readUInt32BE(4);
      head = Buffer.alloc(0);
    }
    return hasRoom;
  };
  source.on("data", (chunk: Buffer) => {
    if (take(chunk)) return;
    const full = [stdout, stderr].filter((one) => one.writableNeedDrain);
    if (full.length === 0) return; // whoever read it has gone, and what comes for it is thrown away
    source.pause();
    void Promise.all(full.map(awaitRoom)).then(() => source.resume());
  });
  const end = () => {
    stdout.end();
    stderr.end();
  };
  source.once("end", end).once("close", end).once("error", end);
  return { stdout, stderr };
}

/** Until it takes more, or is not read any more: the other output and the end must still come through. */
function awaitRoom(one: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      one.off("drain", done).off("close", done);
      resolve();
    };
    one.on("drain", done).on("close", done);
  });
}
