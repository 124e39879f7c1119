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

/** What each rule finds, put together here. */
const letters = (count: number) => "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0".repeat(9).slice(0, count);
const plain = (count: number) =>
  letters(count * 2)
    .replace(/[0-9]/g, "")
    .slice(0, count);
const SAMPLES: Readonly<Record<string, string>> = {
  aws: `aws_${"secret"}_access_key = ${letters(40)}`,
  npm: ["np", "m_", letters(36)].join(""),
  slack: ["xo", "xb-", "123456789012-", letters(24)].join(""),
  basicauth: ["https://", "someone:", "hunter22horse", "@example.com/"].join(""),
  openai: ["sk", "-", letters(20), "T3Blbk", "FJ", letters(20)].join(""),
  anthropic: ["sk-", "ant-api03-", letters(93), "AA"].join(""),
  groq: ["gs", "k_", letters(52)].join(""),
  huggingface: ["h", "f_", plain(34)].join(""),
  linear: ["lin_", "api_", letters(40)].join(""),
  notion: ["nt", "n_", "12345678901", letters(35)].join(""),
  privatekey: ["-----BEGIN RSA ", "PRIVATE KEY-----\nMI", letters(200), "\n-----END RSA ", "PRIVATE KEY-----"].join(""),
  sendgrid: ["S", "G.", letters(22), ".", letters(43)].join(""),
  shopify: ["shp", "at_", "0a1b2c3d".repeat(4)].join(""),
  github: TOKEN,
  gitlab: ["gl", "pat-", letters(20)].join(""),
  grafana: ["gl", "sa_", letters(32), "_0a1b2c3d"].join(""),
  "1password": ["op", "s_", Buffer.from(JSON.stringify({ a: letters(113) })).toString("base64")].join(""),
  "database-connection-string": ["postgres", "://someone:", "hunter22horse@db.example.net/x"].join(""),
  "hashicorp-vault": ["hv", "s.", letters(95)].join(""),
  vercel: ["vc", "p_", letters(24)].join(""),
  databricks: ["da", "pi", "0a1b2c3d".repeat(4)].join(""),
  docker: ["dckr", "_pat_", letters(27)].join(""),
  figma: ["fi", "gd_", letters(40)].join(""),
};

test("every rule is asked about what it finds", async () => {
  const { rules } = await import("@secretlint/secretlint-rule-preset-recommend");
  const names = rules.map(({ meta }) => meta.id.replace(/^.*secretlint-rule-/, "")).filter((name) => name !== "gcp");
  expect(Object.keys(SAMPLES).sort()).toEqual(names.filter((name) => !name.startsWith("filter")).sort());
  for (const [name, sample] of Object.entries(SAMPLES)) {
    expect(detector.scan(Buffer.from(`some text, ${sample} and more`)).map(({ rule }) => rule)).toContain(
      `secretlint-${name}`,
    );
  }
});

test("a rule that is asked about some texts only finds what it finds in all of them", async () => {
  const all = await loadSecretlintDetector({});
  const word = fc.oneof(
    fc.constantFrom(...Object.values(SAMPLES), ...Object.values(SAMPLES).map((sample) => sample.toUpperCase())),
    fc.constantFrom("token", "://", "@", "key", " = ", "AWS_SECRET", "ACCESS_KEY", "https", "x-oauth-basic"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.constantFrom("", " ", "\n", '"'), (words, between) => {
      const bytes = Buffer.from(words.join(between));
      expect(detector.scan(bytes)).toEqual(all.scan(bytes));
    }),
    { numRuns: 300 },
  );
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
