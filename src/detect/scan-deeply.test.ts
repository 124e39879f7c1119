import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeKnownValueDetector } from "./known-values.ts";
import { scanDeeply } from "./scan-deeply.ts";
import { makeTokenDetector } from "./scan-tokens.ts";
import { unpack } from "./unpack.ts";
import { openViews, VIEW_LIMITS } from "./views.ts";

const SECRET = ["p9/Xk+2mQ", "vR4sL8nW1b_Y6cT3fA0jH5dE"].join("-");
const known = makeKnownValueDetector([{ name: "API_TOKEN", value: SECRET }]);
const tokens = makeTokenDetector();

const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const hex = (text: string) => Buffer.from(text).toString("hex");
const percent = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join("");

const WAYS: Readonly<Record<string, (text: string) => string | Buffer>> = {
  plainly: (text) => text,
  "as base64": base64,
  "as base64, one byte on": (text) => base64(`:${text}`),
  "as base64, two bytes on": (text) => base64(`x:${text} tail`),
  "as base64 for URLs": (text) => Buffer.from(`:${text}`).toString("base64url"),
  "as base64 in lines": (text) => base64(`${"-".repeat(50)}${text}${"-".repeat(50)}`).replace(/.{76}/g, "$&\r\n"),
  "as hex": hex,
  "as hex with dashes": (text) => hex(text).replace(/..(?=.)/g, "$&-"),
  "as hex in capitals": (text) => hex(text).toUpperCase(),
  "percent-encoded": percent,
  "percent-encoded three times": (text) => encodeURIComponent(encodeURIComponent(percent(text))),
  "as JSON escapes": (text) => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  "as HTML entities": (text) => [...text].map((c) => `&#${c.charCodeAt(0)};`).join(""),
  "as HTML entities in hex": (text) => [...text].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join(""),
  "as UTF-16": (text) => Buffer.from(`${text}${text}`, "utf16le"),
  gzipped: (text) => gzipSync(text),
  deflated: (text) => deflateSync(text),
  "deflated, without a head": (text) => deflateRawSync(`some words before it: ${text}`),
  "packed with brotli": (text) => brotliCompressSync(`some words before it: ${text}`),
  "gzipped, as base64": (text) => base64(gzipSync(text)),
  "base64 of base64 of base64": (text) => base64(base64(base64(text))),
  "base64 of hex, percent-encoded": (text) => percent(base64(hex(text))),
  reversed: (text) => [...text].reverse().join(""),
  "with separators": (text) => [...text].join(" "),
  "with dots": (text) => [...text].join("."),
  "with zero-width spaces": (text) => [...text].join("\u200b"),
  "with look-alike letters": (text) => text.replaceAll("A", "А").replaceAll("c", "с").replaceAll("H", "Н"),
};

describe("a known value is found", () => {
  test.each(Object.entries(WAYS))("%s", (_, hide) => {
    for (const [before, after] of [
      ["", ""],
      ['{"a":"', '"}'],
      ["q=", "&b=1"],
      ["some words ", " more"],
    ]) {
      const hidden = hide(SECRET);
      if (typeof hidden !== "string" && before !== "") continue;
      const bytes = Buffer.concat([Buffer.from(before ?? ""), Buffer.from(hidden), Buffer.from(after ?? "")]);
      expect(scanDeeply(bytes, [known]).map(({ rule }) => rule)).toContain("known-value");
    }
  });

  test("in other alphabets of 32 and 85 digits", () => {
    const base32 = (text: string) => {
      const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
      return (bits.match(/.{5}/g) ?? [])
        .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)])
        .join("");
    };
    for (const lead of ["", "x", "xyz"])
      expect(scanDeeply(Buffer.from(base32(lead + SECRET)), [known])).not.toEqual([]);
  });
});

describe("a token is found", () => {
  const token = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
  test.each(Object.entries(WAYS).filter(([name]) => name !== "with look-alike letters"))("%s", (name, hide) => {
    if (name === "with separators" || name === "with dots") return; // an underscore is a separator too
    expect(scanDeeply(Buffer.from(hide(token)), [tokens]).map(({ rule }) => rule)).toContain("github-token");
  });

  test("and its place is the one in the original", () => {
    for (const hide of [base64, hex, (text: string) => text]) {
      const hidden = hide(token);
      const text = `{"a\\n": "x%20y", "b": "${hidden}"}`;
      const finding = scanDeeply(Buffer.from(text), [tokens]).find(({ rule }) => rule === "github-token");
      expect(text.slice(finding?.offset, (finding?.offset ?? 0) + (finding?.length ?? 0))).toContain(hidden);
    }
  });
});

test("whatever the bytes are, it ends, quickly, and says nothing of innocent ones", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
      expect(scanDeeply(Buffer.from(bytes), [known, tokens]).filter(({ rule }) => rule === "known-value")).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("a secret is found whatever is put between its letters", () => {
  const between = fc.string({ unit: fc.constantFrom(...` .,-+_'"\n/=;`, "é"), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(between, { minLength: 40, maxLength: 40 }), fc.string(), (pieces, around) => {
      const hidden = [...SECRET].map((letter, at) => letter + (pieces[at] ?? "")).join("");
      expect(scanDeeply(Buffer.from(`${around} ${hidden}`), [known])).not.toEqual([]);
    }),
  );
});

test("what is undone in another order is not read again", () => {
  const text = Buffer.from(`{"а": "${"some words\\n".repeat(200)}"}`);
  const views = [...openViews(text, VIEW_LIMITS)].filter(({ bytes }) => bytes.length > 1024);
  expect(views.map(({ encodings }) => encodings.join(" ")).sort()).toEqual(
    ["", "escapes", "escapes letters", "letters", "reversed"].sort(),
  );
});

function makeHeader(way: number, nameLength: number): Buffer {
  const header = Buffer.alloc(30);
  header.write("PK\x03\x04", "latin1");
  header.writeUInt16LE(way, 8);
  header.writeUInt32LE(0xdeadbeef, 14);
  header.writeUInt16LE(nameLength, 26);
  return header;
}

/** An archive of files, each in the way that is told. */
function zip(files: readonly { readonly name: string; readonly text: string; readonly packed: boolean }[]): Buffer {
  const entries = files.map(({ name, text, packed }) => {
    return Buffer.concat([
      makeHeader(packed ? 8 : 0, name.length),
      Buffer.from(name),
      packed ? deflateRawSync(text) : Buffer.from(text),
    ]);
  });
  return Buffer.concat([...entries, Buffer.from("PK\x01\x02 and so on, \xff", "latin1")]);
}

test("a secret is found in each file of an archive, wherever the archive stands", () => {
  const quiet = { name: "a.txt", text: "nothing in it ".repeat(50), packed: true };
  const full = { name: "b.txt", text: `some words, ${SECRET}, and more`, packed: true };
  for (const files of [[full], [quiet, full], [full, quiet], [quiet, { ...full, packed: false }]]) {
    const archive = zip(files);
    for (const bytes of [
      archive,
      Buffer.concat([Buffer.from("--form\r\n\r\n"), archive]),
      Buffer.from(`{"file":"${base64(archive)}"}`),
      archive.subarray(0, archive.length - 20),
    ]) {
      expect(scanDeeply(bytes, [known]).map(({ rule }) => rule)).toContain("known-value");
    }
  }
  expect(scanDeeply(zip([quiet, quiet]), [known, tokens])).toEqual([]);
  const many = zip([...Array.from({ length: 300 }, () => quiet), full]);
  expect(scanDeeply(many, [known])).not.toEqual([]);
});

test.each([
  ["is whole", Buffer.alloc(0)],
  ["breaks late", deflateRawSync(randomBytes(100_000)).fill(0xff, 90_000)],
])("an archive of many heads for one file that %s is told as one, not unpacked for each", (_, end) => {
  const packed = deflateRawSync(Buffer.alloc(7_900_000), { finishFlush: constants.Z_SYNC_FLUSH });
  const heads = Array.from({ length: 990 }, (_, index) => makeHeader(8, (989 - index) * 30));
  let cut = 0;
  scanDeeply(Buffer.concat([...heads, packed, end]), [known], VIEW_LIMITS, () => cut++);
  expect(cut).toBe(1);
});

test("files of an archive that cannot be read cost nothing", () => {
  const files = Array.from({ length: 50 }, () => [makeHeader(8, 1), Buffer.from("a\xff\xff\xff", "latin1")]);
  let cut = 0;
  scanDeeply(Buffer.concat(files.flat()), [known], VIEW_LIMITS, () => cut++);
  expect(cut).toBe(0);
});

test("a secret is found under any two encodings, one in the other", () => {
  const way = fc.constantFrom<(text: string) => string>(
    base64,
    (text) => Buffer.from(`.${text}`).toString("base64url"),
    hex,
    percent,
    (text) => JSON.stringify(JSON.stringify({ a: text })),
    (text) => base64(gzipSync(text)),
    (text) => base64(deflateSync(`-${text}`)),
    (text) => encodeURIComponent(text),
  );
  fc.assert(
    fc.property(fc.array(way, { minLength: 1, maxLength: 2 }), fc.stringMatching(/^[ -~]{0,30}$/), (ways, around) => {
      const hidden = ways.reduce((text, hide) => hide(text), `${around}${SECRET}${around}`);
      expect(scanDeeply(Buffer.from(hidden), [known]).map(({ rule }) => rule)).toContain("known-value");
    }),
    { numRuns: 200 },
  );
});

test("one byte more or less around a secret never hides it", () => {
  const encoded = Object.values(WAYS).map((hide) => Buffer.from(hide(SECRET)));
  fc.assert(
    fc.property(fc.constantFrom(...encoded.slice(0, 8)), fc.string({ maxLength: 40 }), (hidden, around) => {
      const bytes = Buffer.concat([Buffer.from(`${around.replace(/[%\\&=]/g, "")}\n`), hidden, Buffer.from(" \n")]);
      expect(scanDeeply(bytes, [known])).not.toEqual([]);
    }),
  );
});

test.each([
  ["a bomb", gzipSync(Buffer.alloc(200 * 1024 * 1024))],
  ["an archive of bombs", zip(Array.from({ length: 99 }, () => ({ name: "a", text: "a".repeat(1e6), packed: true })))],
  ["percent signs", Buffer.from("%25".repeat(200_000))],
  ["base64 of everything", Buffer.from(base64(Buffer.alloc(500_000, "QUFB")))],
  ["many runs", Buffer.from(`${"QUFBQUFBQUFBQUFBQUFB ".repeat(50_000)}`)],
])("%s cost bounded time", (_, bytes) => {
  const before = performance.now();
  scanDeeply(bytes, [known, tokens]);
  expect(performance.now() - before).toBeLessThan(8_000);
});

test("content encodings are undone up to a limit, and unknown ones are told", () => {
  const text = Buffer.from("some text");
  const packed = brotliCompressSync(gzipSync(text));
  expect(unpack(packed, ["gzip", "br"], 1000)).toEqual({ kind: "unpacked", bytes: text });
  expect(unpack(packed, ["compress"], 1000)).toEqual({ kind: "unknown-encoding" });
  expect(unpack(gzipSync(Buffer.alloc(5000)), ["gzip"], 1000)).toEqual({ kind: "broken" });
});

test("what one pass tells of both ways leaves nothing out: it is as if each way were read by itself", () => {
  const github = ["ghp", "0123456789abcdefghijABCDEFGHIJ123456"].join("_");
  const login = `curl -u me:${"x7Kp2".repeat(2)}q https://example.com`;
  const named = `api_key = "${"q7Xw2Lp9".repeat(2)}Zt4R"`;
  const forms = [
    ...[SECRET, github, named, login, "timeout_ms = 12", "//:ptth", "key:", "\n", " ", "-user"],
    ...[[...SECRET].join("."), base64(SECRET), hex(SECRET), base64(github), percent(SECRET), hex(hex(SECRET))],
  ];
  const turned = (text: string) => [...text].reverse().join("");
  const oneWay = [known, tokens].map(({ name, scan }) => ({ name, scan }));
  const part = fc.oneof(fc.constantFrom(...forms, ...forms.map(turned)), fc.string({ unit: "binary-ascii" }));
  let backwards = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const bytes = Buffer.from(parts.join(""));
      const found = scanDeeply(bytes, [known, tokens]);
      if (found.some(({ encodings }) => encodings[0] === "reversed")) backwards++;
      expect(found).toEqual(scanDeeply(bytes, oneWay));
    }),
    { numRuns: 400 },
  );
  expect(backwards).toBeGreaterThan(20);
});
