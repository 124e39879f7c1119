import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { launchMark, MARK_END } from "./launcher.ts";
import { splitMarks } from "./marked-stream.ts";

const say = (word: string) => `${launchMark("m")}${word}${MARK_END}`;

/** What is made of a stream that comes byte by byte, and at once. */
async function split(content: string, echoes: boolean) {
  const results = await Promise.all(
    [Buffer.from(content).length, 1].map(async (size) => {
      const stream = new PassThrough();
      const marks = splitMarks(stream, "m", { echoes });
      const rest = text(marks.rest);
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
      stream.end();
      return { waits: await marks.waits, ...(await marks.said), rest: await rest };
    }),
  );
  expect(results[1]).toEqual(results[0]);
  return results[0];
}

test("the launcher's words are taken out, and what follows them is the command's", async () => {
  expect(await split(`noise${say("waiting")}${say("12")}out${say("13")}`, false)).toEqual({
    ...{ waits: true, mark: "12", words: "", rest: `out${say("13")}` },
  });
});

test("where there is no launcher, the engine's words are kept", async () => {
  expect(await split("Error: no such container\n", false)).toEqual({
    ...{ waits: false, mark: undefined, words: "Error: no such container\n", rest: "" },
  });
  expect(await split(`${say("waiting")}sh: broken\n`, false)).toMatchObject({ waits: true, words: "sh: broken\n" });
});

test("what a terminal echoes of the orders is in no words", async () => {
  expect(await split(`${say("waiting")}+hunter2\r\n=SECRET\r\n`, true)).toMatchObject({ mark: undefined, words: "" });
  expect(await split(`${say("waiting")}+hunter2\r\n${say("7")}out`, true)).toMatchObject({ words: "", rest: "out" });
});
