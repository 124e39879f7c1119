import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Detector } from "./finding.ts";
import { scanDeeply } from "./scan-deeply.ts";
import { loadSecretlintDetector } from "./scan-secretlint.ts";

/** Made here, so that no token stands in this file. */
const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
let detector: Detector;
beforeAll(async () => {
  detector = await loadSecretlintDetector();
});

test("finds what its rules know, at its place, and shows none of it", () => {
  const text = `é some text, token ${TOKEN} and more`;
  const [finding] = detector.scan(Buffer.from(text));
  expect(finding).toMatchObject({ rule: "secretlint-github", length: TOKEN.length });
  const bytes = Buffer.from(text).subarray(finding?.offset, (finding?.offset ?? 0) + (finding?.length ?? 0));
  expect(bytes.toString()).toBe(TOKEN);
  expect(JSON.stringify(finding)).not.toContain(TOKEN.slice(4));
});

test.each([
  "// secretlint-disable\n",
  "# secretlint-disable\n",
  "<!-- secretlint-disable -->\n",
  "/* secretlint-disable */ ",
  "// secretlint-disable-next-line\n",
  "# secretlint-disable @secretlint/secretlint-rule-github -- trust me\n",
])("what it searches cannot switch it off: %j", (comment) => {
  for (const text of [`${comment}${TOKEN}`, `${comment}x\n${TOKEN} // secretlint-disable-line`]) {
    expect(detector.scan(Buffer.from(text)).map(({ rule }) => rule)).toContain("secretlint-github");
  }
});

test("works behind encodings as every detector does", () => {
  const [finding] = scanDeeply(Buffer.from(Buffer.from(`x ${TOKEN}`).toString("base64")), [detector]);
  expect(finding).toMatchObject({ rule: "secretlint-github", encodings: ["base64"] });
});

test("no bytes crash it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      for (const { offset, length } of detector.scan(Buffer.from(bytes))) {
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
      }
    }),
  );
});
