import { expect, test } from "vitest";
import { makeKnownValueDetector } from "../detect/known-values.ts";
import { scanDeeply } from "../detect/scan-deeply.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { makeMask } from "./mask-text.ts";

const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const OWN = "p9/Xk+2mQ-vR4sL8nW1b";
const detectors = [makeKnownValueDetector([{ name: "API_TOKEN", value: OWN }]), makeTokenDetector()];
const mask = makeMask((bytes) => scanDeeply(bytes, detectors));

test.each([
  ["refs/heads/plain", "refs/heads/plain"],
  ["", ""],
  [`refs/heads/${TOKEN}`, "refs/heads/ghp_… (40 characters)"],
  [`ä ${TOKEN} ö ${TOKEN.slice(0, -1)}x ü`, "ä ghp_… (40 characters) ö ghp_… (40 characters) ü"],
  [`in ${OWN}.txt`, "in [API_TOKEN].txt"],
])("%j is shown as %j", (text, shown) => expect(mask(text)).toBe(shown));

test.each([
  ["base64", (text: string) => Buffer.from(text).toString("base64")],
  ["hex", (text: string) => Buffer.from(text).toString("hex")],
  ["percent", (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join("")],
  ["separators", (text: string) => [...text].join(".")],
])("nothing of a value is left that is spelled in %s", (_, encode) => {
  const shown = mask(`refs/heads/${encode(OWN)}`);
  expect(shown).not.toContain(encode(OWN));
  expect(shown).toContain("[API_TOKEN]");
});
