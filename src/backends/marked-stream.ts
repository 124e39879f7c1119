import { PassThrough, type Readable } from "node:stream";
import { launchMark, MARK_END, WAITING } from "./launcher.ts";

/** The launcher's last word, or none and what stood in its place. */
export type Said = { readonly mark: string | undefined; readonly words: string };

/** A stream that begins with words of the engine and of the launcher, and goes on with those of the command. */
export type MarkedStream = {
  /** Resolves with true when the launcher waits for its orders, with false when the stream is over before */
  readonly waits: Promise<boolean>;
  /** Resolves with the last word of the launcher, or at the end of the stream */
  readonly said: Promise<Said>;
  /** What comes after it */
  readonly rest: Readable;
};

const MOST_WORDS = 16 * 1024;

/**
 * Takes the words of the launcher with this mark out of a stream. On a terminal that `echoes` what it is given, nothing that
 * comes after the orders is kept as words: the values of variables are among it.
 */
export function splitMarks(stream: Readable, mark: string, { echoes }: { readonly echoes: boolean }): MarkedStream {
  const rest = new PassThrough();
  const begin = launchMark(mark);
  let head = Buffer.alloc(0);
  let isOrdered = false;
  let tellWaits = (_waits: boolean) => {};
  let tellSaid = (_said: Said) => {};
  const waits = new Promise<boolean>((resolve) => {
    tellWaits = resolve;
  });
  const said = new Promise<Said>((resolve) => {
    tellSaid = resolve;
  });
  const words = (bytes: Buffer) => (isOrdered && echoes ? "" : bytes.toString("utf8"));
  const take = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    for (let word = nextWord(head, begin); word !== undefined; word = nextWord(head, begin)) {
      const before = head.subarray(0, word.from);
      head = head.subarray(word.to);
      if (word.text === WAITING && !isOrdered) {
        isOrdered = true;
        tellWaits(true);
        continue;
      }
      stream.off("data", take);
      rest.write(head);
      stream.pipe(rest);
      tellSaid({ mark: word.text, words: words(before) });
      return;
    }
    head = head.subarray(-MOST_WORDS);
  };
  stream.on("data", take);
  const end = () => {
    tellWaits(false);
    tellSaid({ mark: undefined, words: words(head) });
    rest.end();
  };
  stream.once("end", end).once("close", end).once("error", end);
  return { waits, said, rest };
}

function nextWord(bytes: Buffer, begin: string) {
  const from = bytes.indexOf(begin);
  const to = from < 0 ? -1 : bytes.indexOf(MARK_END, from + begin.length);
  if (to < 0) return undefined;
  return { from, to: to + MARK_END.length, text: bytes.toString("utf8", from + begin.length, to) };
}
