import { expect, test } from "vitest";
import { scanSlices } from "./scan-slices.ts";
import { makeTokenDetector } from "./scan-tokens.ts";

const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const detector = makeTokenDetector();

test.each([0, 100, 245_740, 245_750, 262_100, 262_140, 262_144, 491_500, 600_000])(
  "a token at byte %i is told once, at its place, wherever slices meet",
  async (at) => {
    const bytes = Buffer.alloc(700_000, "\n");
    bytes.write(` ${TOKEN} `, at);
    const places: number[] = [];
    let last = 0;
    for await (const { end, findings } of scanSlices(bytes, (slice) => detector.scan(slice))) {
      places.push(...findings.map(({ offset }) => offset));
      expect(end).toBeGreaterThan(last);
      last = end;
    }
    expect({ places, last }).toEqual({ places: [at + 1], last: bytes.length });
  },
);

test("nothing is one slice with nothing in it", async () => {
  for await (const slice of scanSlices(Buffer.alloc(0), (bytes) => detector.scan(bytes))) {
    expect(slice).toEqual({ end: 0, findings: [], total: 0 });
  }
  expect.assertions(1);
});
