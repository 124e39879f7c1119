import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { makeDetectors } from "../make-detectors.ts";
import { scanQuickly } from "../scan-quickly.ts";
import { loadSecretlintDetector } from "../scan-secretlint.ts";
import { scanWholly } from "../scan-wholly.ts";
import { type BackgroundScan, openBackgroundScan } from "./background-scan.ts";

const GITHUB = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const OWN = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
const VALUES = [{ name: "KEY", value: OWN }];
const NAMES = ["known", "tokens", "payment", "entropy", "secretlint"];
const LIMIT_MS = 15_000;
const TEXT = Buffer.from("nothing in it");

const open: BackgroundScan[] = [];
afterEach(async () => {
  for (const scan of open.splice(0)) await scan.close();
});

function start(...more: Parameters<typeof openBackgroundScan> extends [unknown, ...infer Rest] ? Rest : never) {
  const scan = openBackgroundScan({ values: VALUES, secretlint: true }, ...more);
  open.push(scan);
  return scan;
}

/** A thread that answers as this program says, which has `post` and `onText`. */
function startAs(program: string): BackgroundScan {
  const head = 'const { parentPort } = require("node:worker_threads"); const post = (x) => parentPort.postMessage(x);';
  return start(async () => `${head} parentPort.on("message", ({ bytes }) => { ${program} });`);
}

test.each<readonly [string, string | Buffer]>([
  ["a value of the bottle", `a ${OWN} b`],
  ["a token, twice", `${GITHUB}\n${GITHUB}`],
  ["a token in base64, in JSON", JSON.stringify({ a: Buffer.from(`x ${GITHUB}`).toString("base64") })],
  ["a packed value", gzipSync(`some words, then ${OWN}`)],
  ["a card, letters drawn at random", "4111 1111 1111 1111 and Zk4pQ9vR2mXw7LnBt5YcH8sJ"],
  ["a login", `https://someone:${"hunter22"}horse@example.com/`],
  ["too much", Buffer.concat(Array.from({ length: 20 }, () => gzipSync(Buffer.alloc(9_000_000))))],
  ["nothing", TEXT],
])("finds on its thread exactly what is found here: %s", async (_, text) => {
  const bytes = Buffer.from(text);
  const here = scanWholly(bytes, makeDetectors(VALUES, [await loadSecretlintDetector()]).named(NAMES));
  const there = await start().search({ bytes, detectors: NAMES }, LIMIT_MS);
  expect(there).toEqual({ kind: "searched", findings: here, ms: expect.any(Number) });
  expect([...bytes]).toEqual([...Buffer.from(text)]); // it was copied, not taken away
});

test("what is found quickly is what is found wholly", () => {
  const detectors = makeDetectors(VALUES, []).named(["known", "tokens", "payment"]);
  const words = [OWN, GITHUB, Buffer.from(OWN).toString("base64"), Buffer.from(OWN).toString("hex")];
  const part = fc.oneof(fc.string(), fc.constantFrom(...words, "%41", "\\u0041", "a=b&", '"', "\n"));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const bytes = Buffer.from(parts.join(""));
      const found = scanQuickly(bytes, detectors);
      if (found !== undefined) expect(found).toEqual(scanWholly(bytes, detectors));
    }),
  );
  expect(scanQuickly(gzipSync(OWN), detectors)).toBeUndefined();
  expect(scanQuickly(Buffer.alloc(140_000, "words "), detectors)).toBeUndefined();
});

test("other work goes on meanwhile, and texts are searched in their order", async () => {
  const scan = start();
  const ended: string[] = [];
  const large = Buffer.alloc(256 * 1024, "QWxhZGRpbjpvcGVuIHNlc2FtZQ== ");
  const note = async (name: string, bytes: Buffer) => {
    await scan.search({ bytes, detectors: NAMES }, LIMIT_MS);
    ended.push(name);
  };
  const all = Promise.all([note("large", large), note("small", TEXT)]);
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  await all;
  clearInterval(counting);
  expect(ended).toEqual(["large", "small"]);
  expect(turns).toBeGreaterThan(5);
});

test.each<readonly [string, string]>([
  ["dies", "process.exit(0)"],
  ["fails", 'throw new Error("a fault")'],
  ["runs out of memory", "const all = []; for (;;) all.push(new Array(1e6).fill(bytes.length))"],
  ["answers with something else", 'post("nothing")'],
  ["answers with half a finding", 'post([{ rule: "known-value", offset: 0 }])'],
])("a thread that %s tells that nothing was searched", { timeout: 60_000 }, async (_, program) => {
  const scan = startAs(program);
  expect(await scan.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS)).toEqual({ kind: "unsearched", why: "failed" });
});

test("a search that takes too long is ended, and the next text is searched by a new thread", async () => {
  const scan = startAs("if (bytes.length > 100) for (;;); post([])");
  const slow = scan.search({ bytes: Buffer.alloc(200), detectors: NAMES }, 300);
  const next = scan.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS);
  expect(await slow).toEqual({ kind: "unsearched", why: "too slow" });
  expect(await next).toMatchObject({ kind: "searched", findings: [] });
});

test("a thread that ended while nothing was asked of it is started again", async () => {
  const scan = startAs("post([]); setTimeout(() => process.exit(0))");
  for (let round = 0; round < 3; round++) {
    expect(await scan.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS)).toMatchObject({ kind: "searched" });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

test("a program that cannot be started, a name of no detector: nothing was searched", async () => {
  const none = start(async () => {
    throw new Error("not there");
  });
  expect(await none.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS)).toMatchObject({ why: "failed" });
  expect(await start().search({ bytes: TEXT, detectors: ["other"] }, LIMIT_MS)).toMatchObject({ why: "failed" });
});

test("only so many texts wait, and closing leaves none of them waiting", async () => {
  const scan = startAs("");
  const all = Array.from({ length: 600 }, () => scan.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS));
  expect(await all.at(-1)).toEqual({ kind: "unsearched", why: "too many" });
  await scan.close();
  expect(new Set((await Promise.all(all.slice(0, 500))).map(({ kind }) => kind))).toEqual(new Set(["unsearched"]));
  expect(await scan.search({ bytes: TEXT, detectors: NAMES }, LIMIT_MS)).toMatchObject({ kind: "unsearched" });
});
