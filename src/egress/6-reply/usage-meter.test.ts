import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageMeter } from "./usage-meter.ts";

const MESSAGES = `event: message_start
data: {"type":"message_start","message":{"usage":{"input_tokens":12,"cache_creation_input_tokens":300,"cache_read_input_tokens":4000,"output_tokens":1}}}

event: content_block_delta
data: {"type":"content_block_delta","delta":{"text":"{\\"output_tokens\\":999999}"}}

event: message_delta
data: {"type":"message_delta","usage":{"input_tokens":0,"output_tokens":57}}
`;
const RESPONSES = `event: response.completed
data: {"response":{"usage":{"input_tokens":150,"input_tokens_details":{"cached_tokens":30},"output_tokens":17,"total_tokens":167}}}
`;

function count(...pieces: readonly string[]) {
  const meter = new UsageMeter();
  for (const piece of pieces) meter.push(Buffer.from(piece));
  return meter.total();
}

test("counts what each of the two interfaces says, and nothing a model wrote", () => {
  expect(count(MESSAGES)).toEqual({ input: 4312, output: 57 });
  expect(count(RESPONSES)).toEqual({ input: 150, output: 17 });
  expect(count(`{"models":[]}`)).toBeUndefined();
});

test("however a stream is cut, the sum is the same", () => {
  const cuts = fc.array(fc.nat(MESSAGES.length), { maxLength: 20 });
  fc.assert(
    fc.property(cuts, (places) => {
      const sorted = [0, ...places.toSorted((a, b) => a - b), MESSAGES.length];
      const pieces = sorted.slice(1).map((end, index) => MESSAGES.slice(sorted[index], end));
      expect(count(...pieces)).toEqual({ input: 4312, output: 57 });
    }),
  );
});
