import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Group, groupSmall, isClean } from "../src/git-gate/group-small.ts";
import type { GitObject } from "../src/git-gate/object-reader.ts";
import { makePushScan } from "../src/warden/push-scan.ts";

const TOKEN = ["ghp", `${"0123456789abcdefghij"}ABCDEFGHIJ123456`].join("_");
const VALUE = "correct=41horse-battery";
const WORD = "correcthorsebattery41";
const scan = makePushScan([
  { name: "API_PASSWORD", value: VALUE },
  { name: "WORD", value: WORD },
]);

const hex = (text: string) => Buffer.from(text).toString("hex");
const base64 = (text: string) => Buffer.from(text).toString("base64");
const each = (text: string, write: (code: number) => string) =>
  [...text].map((letter) => write(letter.charCodeAt(0))).join("");
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  base64,
  "base64 twice": (text) => base64(base64(text)),
  "base64 of gzip": (text) => gzipSync(text).toString("base64"),
  hex,
  "hex apart": (text) => hex(text).replace(/../g, "$& ").trim(),
  percent: (text) => each(text, (code) => `%${code.toString(16)}`),
  "percent in part": (text) => `%${hex(text.charAt(0))}${text.slice(1)}`,
  backslashes: (text) => each(text, (code) => `\\u00${code.toString(16)}`),
  entities: (text) => each(text, (code) => `&#${code};`),
  "quoted-printable": (text) => each(text, (code) => `=${code.toString(16).toUpperCase()}`),
  apart: (text) => [...text].join("."),
  reversed: (text) => [...text].reverse().join(""),
};
const NEIGHBOURS = [
  "",
  "a",
  "a line\n",
  "no end of line",
  "=41=42=43",
  "=41=42=43=44",
  "=",
  "=\n",
  "x^ looks packed",
  "a.b.c.d.e.f.g.h.i.j.k.l.",
  "41 42 43 44 45 46 47 48 ",
  "QUJD".repeat(30),
  "41".repeat(40),
  "%",
  "%4",
  "\\",
  "\\u00",
  "&#",
  '"',
  "/*",
  `${"QWxhZGRpbjpvcGVuIHNlc2FtZQ== ".repeat(550)}`,
];

function makeObject(text: string | Buffer, type = "blob"): GitObject {
  const bytes = Buffer.from(text as string);
  return { id: "", type, size: bytes.length, bytes };
}

async function group(...objects: readonly GitObject[]): Promise<readonly Group[]> {
  const groups: Group[] = [];
  for await (const one of groupSmall(
    (async function* () {
      yield* objects;
    })(),
  ))
    groups.push(one);
  return groups;
}

test.each(Object.entries(FORMS))("what is found by itself is found among others, written as %s", async (_, write) => {
  const found = [TOKEN, VALUE, WORD]
    .map((secret) => makeObject(write(secret)))
    .filter(({ bytes }) => scan(bytes).length > 0);
  expect(found.length).toBeGreaterThan(0);
  for (const hidden of found) {
    for (const [before, after] of NEIGHBOURS.flatMap(
      (one) =>
        [
          [one, ""],
          ["", one],
          [one, one],
        ] as const,
    )) {
      const groups = await group(makeObject(before), hidden, makeObject(after));
      const [its] = groups.filter(({ objects }) => objects.includes(hidden));
      if (its === undefined) throw new Error("it is in no group");
      if (its.together)
        expect(isClean(its, scan), JSON.stringify([before.slice(0, 40), after.slice(0, 40)])).toBe(false);
    }
  }
});

test("small files of plain text are searched together, in their order, and nothing is left out", async () => {
  const files = Array.from({ length: 100 }, (_, n) => makeObject(`export const value${n} = ${n};\n`.repeat(40)));
  const groups = await group(...files);
  expect(groups.length).toBeLessThan(5);
  expect(groups.flatMap(({ objects }) => objects)).toEqual(files);
  for (const one of groups) expect(isClean(one, scan)).toBe(true);
});

test.each([
  ["a commit", makeObject("tree\n", "commit")],
  ["bytes", makeObject(Buffer.from([0, 1, 2]))],
  ["letters that are no ASCII", makeObject("größer\n")],
  ["what may be packed", makeObject("x^ and more")],
  ["a long one", makeObject("a line\n".repeat(5_000))],
  ["many marks of quoted-printable", makeObject("=41=42=43=44")],
])("%s is searched by itself", async (_, object) => {
  const groups = await group(makeObject("a\n"), object, makeObject("b\n"));
  expect(groups.map(({ together }) => together)).toEqual([false, false, false]);
});
