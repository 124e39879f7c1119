import { describe, expect, test } from "vitest";
import { hasUsers, judgeVersion, parseVersion } from "./version.ts";

describe("versions of smolvm", () => {
  test.each([
    ["smolvm 1.17.0\n", { major: 1, minor: 17, patch: 0 }],
    ["smolvm 1.32.2-dev", { major: 1, minor: 32, patch: 2 }],
    ["SmolVM CLI v0.3", undefined],
    ["smolvm", undefined],
    ["", undefined],
  ])("%j", (text, version) => expect(parseVersion(text)).toEqual(version));

  test.each([
    ["0.8.0", "refused", /too old: 1\.8\.0/],
    ["1.7.9", "refused", /too old/],
    ["1.8.0", "warning", /user of the image/],
    ["1.14.0", "warning", /cannot read some archives/],
    ["1.14.1", "warning", /cannot read some archives/],
    ["1.14.2", "fine", undefined],
    ["1.23.1", "fine", undefined],
    ["1.24.0", "warning", /newer than what is known/],
    ["2.0.0", "warning", /newer than what is known/],
  ])("%s is %s", (text, kind, detail) => {
    const version = parseVersion(`smolvm ${text}`) ?? expect.fail();
    const verdict = judgeVersion(version, "linux");
    expect(verdict.kind).toBe(kind);
    if (verdict.kind !== "fine")
      expect(verdict).toMatchObject({ detail: expect.stringMatching(detail ?? ""), fix: expect.stringMatching(/./) });
  });

  test("a user of our choice from 1.14.2 on", () => {
    expect(
      ["1.14.1", "1.14.2", "2.0.0"].map((text) => hasUsers(parseVersion(`smolvm ${text}`) ?? expect.fail())),
    ).toEqual([false, true, true]);
  });
});
