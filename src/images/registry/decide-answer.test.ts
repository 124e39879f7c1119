import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideAnswer, parseRange, type Shelf } from "./decide-answer.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const BLOB = `sha256:${"b".repeat(64)}`;
const manifest = { digest: DIGEST, mediaType: "x", bytes: Buffer.from("{}") };
const shelf: Shelf = {
  name: "0123/bot-bottle",
  tag: "t1",
  image: {
    path: "/x",
    ids: [],
    manifest,
    manifests: new Map([[DIGEST, manifest]]),
    blobs: new Map([[BLOB, { offset: 0, size: 10 }]]),
  },
};

describe("what the registry answers", () => {
  test.each([
    ["GET", "/v2/", { kind: "ping" }],
    ["GET", "/v2", { kind: "ping" }],
    ["HEAD", "/v2/0123/bot-bottle/manifests/t1", { kind: "manifest", manifest }],
    ["GET", `/v2/0123/bot-bottle/manifests/${DIGEST}`, { kind: "manifest" }],
    ["GET", `/v2/0123/bot-bottle/blobs/${BLOB}`, { kind: "blob", digest: BLOB }],
    ["GET", `/v2/0123%2Fbot-bottle/blobs/${BLOB.replace(":", "%3A")}`, { kind: "blob", digest: BLOB }],
    ["GET", "/v2/0123/bot-bottle/tags/list", { kind: "tags", tags: ["t1"] }],
    ["GET", "/v2/0123/bot-bottle/tags/list?n=0", { kind: "tags", tags: [] }],
    ["GET", "/v2/0123/bot-bottle/tags/list?n=1&last=t1", { kind: "tags", tags: [] }],
    ["GET", "/v2/0123/bot-bottle/manifests/t2", { status: 404, code: "MANIFEST_UNKNOWN" }],
    ["GET", `/v2/0123/bot-bottle/blobs/${DIGEST}`, { status: 404, code: "BLOB_UNKNOWN" }],
    ["GET", "/v2/0123/bot-bottle/blobs/latest", { status: 400, code: "DIGEST_INVALID" }],
    ["GET", "/v2/other/bot-bottle/manifests/t1", { status: 404, code: "NAME_UNKNOWN" }],
    ["GET", "/v2/bot-bottle/manifests/t1", { status: 404, code: "NAME_UNKNOWN" }],
    ["GET", `/v2/0123/bot-bottle/referrers/${DIGEST}`, { status: 404 }],
    ["GET", "/v2/_catalog", { status: 404, code: "NAME_UNKNOWN" }],
    ["GET", "/v2/0123/bot-bottle/manifests/%zz", { status: 404 }],
    ["GET", "/", { status: 404 }],
    ["GET", "/v1/_ping", { status: 404 }],
    ["POST", "/v2/0123/bot-bottle/blobs/uploads/", { status: 405, code: "UNSUPPORTED" }],
    ["PUT", "/v2/0123/bot-bottle/manifests/t1", { status: 405, code: "UNSUPPORTED" }],
    ["DELETE", "/v2/0123/bot-bottle/manifests/t1", { status: 405, code: "UNSUPPORTED" }],
  ])("%s %s", (method, target, answer) => {
    expect(decideAnswer(method, target, shelf)).toMatchObject(answer);
  });

  test("any request has an answer, and none without the random name has content", () => {
    fc.assert(
      fc.property(fc.string(), fc.webPath(), (method, path) => {
        expect(["ping", "error"]).toContain(decideAnswer(method, `/v2${path}`, shelf).kind);
      }),
    );
  });
});

describe("ranges", () => {
  test.each([
    [undefined, { start: 0, end: 9, isPart: false }],
    ["bytes=0-", { start: 0, end: 9, isPart: true }],
    ["bytes=3-5", { start: 3, end: 5, isPart: true }],
    ["bytes=3-99", { start: 3, end: 9, isPart: true }],
    ["bytes=-4", { start: 6, end: 9, isPart: true }],
    ["bytes=-99", { start: 0, end: 9, isPart: true }],
    ["lines=1-2", { start: 0, end: 9, isPart: false }],
    ["bytes=1-2,4-5", { start: 0, end: 9, isPart: false }],
    ["bytes=10-", undefined],
    ["bytes=5-3", undefined],
    ["bytes=-0", undefined],
  ])("%s of ten bytes", (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });
});
