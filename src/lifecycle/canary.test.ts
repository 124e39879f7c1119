import { expect, test } from "vitest";
import { CANARY } from "../detect/known-values.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { isSecretLike } from "../detect/secret-like.ts";
import { makeCanary } from "./canary.ts";

test("a canary looks like a key that is worth stealing, and is another one each time", () => {
  const [first, second] = [makeCanary(), makeCanary()];
  const value = first.secret.expose("test");
  expect(value).toMatch(/^[0-9A-Za-z]{40}$/);
  expect(isSecretLike(value)).toBe(true);
  expect(second.secret.expose("test")).not.toBe(value);
  expect(first.secret.name).toBe(CANARY);
  const [file] = first.files;
  expect(file).toMatchObject({ path: ".aws/credentials", mode: 0o600, content: expect.stringContaining(value) });
  const rules = makeTokenDetector()
    .scan(Buffer.from(String(file?.content)))
    .map(({ rule }) => rule);
  expect(rules).toContain("aws-key-id");
});
