import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkDecoder } from "./chunk-decoder.ts";
import { Malformed } from "./malformed.ts";

function encode(pieces: readonly Uint8Array[], trailer = ""): Buffer {
  const chunks = pieces
    .filter((piece) => piece.length > 0)
    .map((piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]));
  return Buffer.concat([...chunks, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

function decode(bytes: Buffer, cuts: readonly number[]): { body: Buffer; rest: Buffer; done: boolean } {
  const decoder = new ChunkDecoder();
  const body: Buffer[] = [];
  const rest: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]) {
    const part = bytes.subarray(from, cut);
    from = cut;
    if (decoder.done) rest.push(part);
    else {
      const result = decoder.push(part);
      body.push(...result.payload);
      if (result.rest !== undefined) rest.push(result.rest);
    }
  }
  return { body: Buffer.concat(body), rest: Buffer.concat(rest), done: decoder.done };
}

test("gives the payload and what follows, wherever the bytes are cut", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  const trailer = fc.constantFrom("", "X-Sum: 1\r\n", "A: b\r\nC: d\r\n");
  fc.assert(
    fc.property(
      pieces,
      trailer,
      fc.array(fc.nat(5000), { maxLength: 10 }),
      fc.uint8Array({ maxLength: 20 }),
      (body, end, cuts, after) => {
        const result = decode(Buffer.concat([encode(body, end), after]), cuts);
        expect(result.done).toBe(true);
        expect(result.body).toEqual(Buffer.concat(body));
        expect(result.rest).toEqual(Buffer.from(after));
      },
    ),
  );
});

test("odd framing is refused", () => {
  for (const text of [
    "+1\r\na\r\n",
    "1 \r\na\r\n",
    "0x1\r\na",
    "1;e\r\na\r\n",
    "1\na",
    "\r\n",
    "g\r\n",
    "1\r\nab",
    "1\r\na\n",
    "100000000\r\n",
    "0\r\nX: y\n\n",
  ]) {
    expect(() => new ChunkDecoder().push(Buffer.from(text)), JSON.stringify(text)).toThrow(Malformed);
  }
  expect(() => new ChunkDecoder().push(Buffer.from(`0\r\n${"x".repeat(9000)}`))).toThrow(Malformed);
});

test("any bytes are taken or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        new ChunkDecoder().push(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }),
  );
});
