import { expect, test } from "vitest";
import { makePacket } from "./packets.ts";
import { parseUploadRequest } from "./upload-request.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)] as const;

function body(head: readonly string[], args: readonly string[], end = "0000"): Buffer {
  const write = (lines: readonly string[]) => lines.map((line) => makePacket(`${line}\n`)).join("");
  return Buffer.from(`${write(head)}0001${write(args)}${end}`);
}

test("a list of refs", () => {
  const args = ["peel", "symrefs", "unborn", "ref-prefix HEAD", "ref-prefix refs/heads/"];
  expect(parseUploadRequest(body(["command=ls-refs", "agent=git/2.39.5", "object-format=sha256"], args))).toEqual({
    ...{ kind: "list", format: "sha256", peel: true, symrefs: true, prefixes: ["HEAD", "refs/heads/"] },
  });
});

test("everything, for somebody who has nothing", () => {
  const args = ["thin-pack", "no-progress", "include-tag", "ofs-delta", `want ${A}`, `want ${B}`, `want ${A}`, "done"];
  expect(parseUploadRequest(body(["command=fetch"], args))).toEqual({
    ...{ kind: "everything", format: "sha1", wants: new Set([A, B]) },
  });
});

test.each([
  ["who has something", ["ofs-delta", `want ${A}`, `have ${B}`, "done"]],
  ["who wants a part of the history", ["ofs-delta", `want ${A}`, "deepen 1", "done"]],
  ["who has a part of the history", ["ofs-delta", `want ${A}`, `shallow ${B}`, "done"]],
  ["who wants no files", ["ofs-delta", `want ${A}`, "filter blob:none", "done"]],
  ["who goes on talking", ["ofs-delta", `want ${A}`]],
  ["who does not take every form of a pack", [`want ${A}`, "done"]],
  ["who wants something by its name", ["ofs-delta", "want-ref refs/heads/main", "done"]],
  ["who wants something that is no object", ["ofs-delta", "want main", "done"]],
  ["who says what nobody knows", ["ofs-delta", `want ${A}`, "done", "sideband-all"]],
])("somebody %s is answered by git", (_who, args) => {
  expect(parseUploadRequest(body(["command=fetch"], args))).toBeUndefined();
});

test("what is not whole, or has something after its end, is answered by git", () => {
  const args = ["ofs-delta", `want ${A}`, "done"];
  expect(parseUploadRequest(body(["command=fetch"], args))).toBeDefined();
  expect(parseUploadRequest(body(["command=fetch"], args, ""))).toBeUndefined();
  expect(parseUploadRequest(body(["command=fetch"], args, "00010000"))).toBeUndefined();
  expect(parseUploadRequest(body(["command=fetch"], args, "00000000"))).toBeUndefined();
  expect(parseUploadRequest(body(["command=fetch", "server-option=x"], args))).toBeUndefined();
  expect(parseUploadRequest(body(["command=fetch", "object-format=md5"], args))).toBeUndefined();
  expect(parseUploadRequest(body(["command=object-info"], args))).toBeUndefined();
  expect(parseUploadRequest(Buffer.from("0000"))).toBeUndefined();
  expect(parseUploadRequest(Buffer.alloc(0))).toBeUndefined();
});

test("what would take long to compare is answered by git", () => {
  const ask = (prefixes: number) => body(["command=ls-refs"], Array<string>(prefixes).fill("ref-prefix refs/heads/"));
  expect(parseUploadRequest(ask(100))).toMatchObject({ kind: "list" });
  expect(parseUploadRequest(ask(101))).toBeUndefined();
});
