import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import { systemErrorCode } from "./errors.ts";

const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/**
 * A stream into a descriptor that is in non-blocking mode: while the other side does not read, it waits without blocking
 * the process. Writes to a terminal that has hung up (`EIO`) are dropped. It does not close the descriptor; destroy it
 * before the descriptor is closed.
 */
export function makeNonBlockingWriter(fd: number): Writable {
  let retry: NodeJS.Timeout | undefined;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      let rest = chunk;
      let delay = FIRST_RETRY_MS;
      const attempt = () => {
        retry = undefined;
        try {
          while (rest.length > 0) {
            rest = rest.subarray(writeSync(fd, rest));
            delay = FIRST_RETRY_MS;
          }
          done();
        } catch (error) {
          const code = systemErrorCode(error);
          if (code === "EAGAIN") {
            retry = setTimeout(attempt, delay);
            delay = Math.min(delay * 2, LONGEST_RETRY_MS);
          } else done(code === "EIO" || !(error instanceof Error) ? null : error);
        }
      };
      attempt();
    },
    destroy(error, done) {
      clearTimeout(retry);
      done(error);
    },
  });
}
