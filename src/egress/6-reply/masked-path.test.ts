import { expect, test } from "vitest";
import { maskPath } from "./masked-path.ts";

test("keeps ordinary paths and hides what looks like a key", () => {
  expect(maskPath("/v1/messages")).toBe("/v1/messages");
  expect(maskPath("/lodash/-/lodash-4.17.21.tgz")).toBe("/lodash/-/lodash-4.17.21.tgz");
  expect(maskPath("/bot123456:AAbbccddeeffgg0011223344xyz/send?x=secret")).toBe("/bot123456:[27]/send");
  expect(maskPath(`/${"a/".repeat(300)}`)).toHaveLength(201);
});
