import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { splitOutputs } from "./split-outputs.ts";

function piece(type: number, text: string): Buffer {
  const head = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.toString("latin1");
  return text;
}

const SENT = Buffer.concat([piece(1, "out "), piece(2, "error "), piece(1, ""), piece(2, "again"), piece(1, "end")]);

test.each([1, 3, 8, 1000])("outputs are told apart, however they are cut: by %d bytes", async (size) => {
  const source = new PassThrough();
  const { stdout, stderr } = splitOutputs(source);
  for (let at = 0; at < SENT.length; at += size) source.write(SENT.subarray(at, at + size));
  source.end();
  expect(await Promise.all([collect(stdout), collect(stderr)])).toEqual(["out end", "error again"]);
});

test("nothing is read ahead of whoever does not read", async () => {
  const source = new PassThrough();
  const { stdout, stderr } = splitOutputs(source);
  const many = "x".repeat(100_000);
  let hasRoom = true;
  for (let round = 0; round < 20; round++) hasRoom = source.write(piece(1, many));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  expect(stdout.readableLength).toBeLessThan(500_000);
  source.end();
  const [out, error] = await Promise.all([collect(stdout), collect(stderr)]);
  expect([out.length, error]).toEqual([2_000_000, ""]);
});

test.each(["before anything came", "while it was full"])(
  "an output whose reader goes %s holds up nothing",
  async (when) => {
    const source = new PassThrough();
    const { stdout, stderr } = splitOutputs(source);
    const error = collect(stderr);
    if (when === "before anything came") stdout.destroy();
    for (let round = 0; round < 20; round++) source.write(piece(1, "x".repeat(100_000)));
    await new Promise((resolve) => setImmediate(resolve));
    stdout.destroy();
    source.end(piece(2, "the end"));
    expect(await error).toBe("the end");
  },
);

test("a connection that breaks off ends both", async () => {
  const source = new PassThrough();
  const { stdout, stderr } = splitOutputs(source);
  source.write(piece(1, "half").subarray(0, 10));
  await new Promise((resolve) => setImmediate(resolve));
  source.destroy(new Error("gone"));
  expect(await Promise.all([collect(stdout), collect(stderr)])).toEqual(["ha", ""]);
});
