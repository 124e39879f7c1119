import type { Readable } from "node:stream";
import { parseStatus } from "./output.ts";

/** What bubblewrap has reported so far. */
export type StatusReader = {
  /** The host's number for pid 1 of the bottle; undefined when the launch ended before there was one */
  readonly started: Promise<number | undefined>;
  /** Resolves when nothing more will be reported */
  readonly closed: Promise<void>;
  /** Exit code of the command, once it has ended; undefined for ever when it never ran */
  code(): number | undefined;
};

/** Follows bubblewrap's reports on its status descriptor. */
export function readStatus(stream: Readable): StatusReader {
  let code: number | undefined;
  let tellStarted: (pid: number | undefined) => void = () => {};
  const started = new Promise<number | undefined>((resolve) => {
    tellStarted = resolve;
  });
  const closed = new Promise<void>((resolve) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      const lines = (text + chunk.toString("utf8")).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const report = parseStatus(line);
        if (report?.kind === "started") tellStarted(report.pid);
        if (report?.kind === "ended") code = report.code;
      }
    });
    stream.on("error", () => {}); // the same as its end
    stream.once("close", () => {
      tellStarted(undefined);
      resolve();
    });
  });
  return { started, closed, code: () => code };
}
