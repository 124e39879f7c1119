import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Holder, readHolder } from "../base/holder.ts";
import { parseSlug, type Slug, systemIds } from "../base/ids.ts";
import { renderLockText } from "../base/lock-text.ts";
import { plainStyle } from "../base/style.ts";
import { makeTemporaryPrefix } from "../base/temporary-name.ts";
import { makeBottleFolders } from "./bottle-folders.ts";
import { findLeftovers } from "./find-leftovers.ts";
import { listBottles } from "./list-bottles.ts";
import { listLabels } from "./list-labels.ts";
import { parseRecord, renderRecord } from "./parse-record.ts";
import { readRecord } from "./read-record.ts";
import type { BottleRecord } from "./record.ts";
import { removeLabel } from "./remove-label.ts";
import { renderList, renderListJson } from "./render-list.ts";
import { settleBottle } from "./settle-bottle.ts";
import { writeRecord } from "./write-record.ts";

const DEAD: Holder = { pid: 2 ** 31, startTicks: "1" };
const NOW = new Date("2026-01-02T05:00:00Z");
let state: string;
let me: Holder;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "list-"));
  me = await readHolder(process.pid);
});
afterEach(() => rm(state, { recursive: true }));

function slugOf(text: string): Slug {
  return parseSlug(text) ?? expect.fail(text);
}

function makeRecord(slug: string, more: Partial<BottleRecord> = {}): BottleRecord {
  const times = { startedAt: "2026-01-02T03:00:00.000Z", endedAt: undefined };
  const what = { label: undefined, bottle: "dev", agent: undefined, backend: "local", source: "/src/app" } as const;
  const how = { status: "running", holder: me, exitCode: undefined, results: undefined, journal: undefined } as const;
  return { version: 1, slug: slugOf(slug), ...what, ...how, ...times, ...more };
}

async function place(slug: string, more: Partial<BottleRecord> | string = {}): Promise<void> {
  const folders = makeBottleFolders(state, slugOf(slug));
  await mkdir(folders.root);
  if (typeof more === "string") await writeFile(folders.record, more);
  else await writeRecord(folders.record, makeRecord(slug, more));
}

describe("records", () => {
  test("are read back as they were written, private and whole", async () => {
    const record = makeRecord("dev-ab0de", {
      label: "fix",
      exitCode: 0,
      results: "changed",
      journal: { length: 2, hash: "a" },
    });
    await place("dev-ab0de", record);
    const { root, record: path } = makeBottleFolders(state, record.slug);
    expect(await readRecord(path)).toEqual({ kind: "record", record });
    expect(await readdir(root)).toEqual(["record.json"]);
    expect(await readRecord(join(root, "other"))).toEqual({ kind: "missing" });
  });

  test.each([
    ["", "it is no JSON object"],
    ["[]", "it is no JSON object"],
    ['{"version":2}', "it was written by another version of bot-bottle"],
    ['{"version":1}', "these fields are not usable: slug, bottle, backend, status, holder, startedAt"],
  ])("%j is damaged because %s", (text, why) => {
    expect(parseRecord(text)).toEqual({ kind: "damaged", why });
  });

  test("one field that is something else is named", () => {
    const text = renderRecord(makeRecord("dev-ab0de"));
    expect(parseRecord(text.replace('"local"', '"vmware"'))).toMatchObject({
      why: expect.stringContaining(": backend"),
    });
    expect(parseRecord(text.replace("2026-01", "then"))).toMatchObject({ why: expect.stringContaining(": startedAt") });
  });

  test("no text makes reading fail", () => {
    const text = renderRecord(makeRecord("dev-ab0de"));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 2 }), (at, character) => {
        expect(["record", "damaged"]).toContain(parseRecord(text.slice(0, at) + character + text.slice(at + 1)).kind);
      }),
    );
    fc.assert(fc.property(fc.json(), (json) => void parseRecord(json)));
  });
});

describe("listBottles", () => {
  test("tells what each bottle does, oldest first, damaged ones last", async () => {
    await place("dev-bbbbb", { startedAt: "2026-01-02T04:58:00.000Z" });
    await place("dev-aaaaa", { status: "starting" });
    await place("dev-ccccc", { holder: DEAD, startedAt: "2025-12-31T00:00:00.000Z" });
    await place("dev-ddddd", { holder: DEAD, status: "ended", exitCode: 1, label: "日本" });
    await place("dev-eeeee", "{");
    await place("dev-fffff", makeRecord("dev-other-00000"));
    await mkdir(join(state, "not a slug"));
    await mkdir(join(state, "dev-ggggg", "record.json"), { recursive: true });
    const bottles = await listBottles(state);
    expect(bottles.map(({ slug, status }) => `${slug} ${status}`)).toEqual([
      "dev-ccccc dead",
      "dev-aaaaa starting",
      "dev-ddddd ended",
      "dev-bbbbb running",
      "dev-eeeee dead",
      "dev-fffff dead",
      "dev-ggggg dead",
    ]);
    expect(renderList(bottles.slice(0, 5), { now: NOW, style: plainStyle })).toMatchInlineSnapshot(`
      "SLUG       LABEL  BOTTLE  BACKEND  STATUS    AGE  FOLDER
      dev-ccccc  -      dev     local    dead      2d   /src/app
      dev-aaaaa  -      dev     local    starting  2h   /src/app
      dev-ddddd  日本   dev     local    ended     2h   /src/app
      dev-bbbbb  -      dev     local    running   2m   /src/app
      dev-eeeee  -      -       -        dead      -    record not usable: it is no JSON object
      "
    `);
    expect(JSON.parse(renderListJson(bottles))).toHaveLength(7);
    expect(JSON.parse(renderListJson(bottles))[4]).toMatchObject({ slug: "dev-eeeee", damage: "it is no JSON object" });
    for (const line of renderList(bottles, { now: NOW, style: plainStyle, columns: 60 }).split("\n")) {
      expect(line.length).toBeLessThanOrEqual(60);
    }
  });

  test("is empty where nothing was ever started, and says what is wrong with a state folder that is none", async () => {
    expect(await listBottles(join(state, "nothing"))).toEqual([]);
    expect(renderList([], { now: NOW, style: plainStyle })).toBe("no bottles\n");
    await writeFile(join(state, "file"), "");
    await expect(listBottles(join(state, "file"))).rejects.toMatchObject({ code: "file/not-usable" });
  });

  test("text in a record cannot reach the terminal", async () => {
    await place("dev-aaaaa", { source: "/x\u001b[2J", label: "a\u202eb" });
    expect(renderList(await listBottles(state), { now: NOW, style: plainStyle })).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe("settling and removing", () => {
  test("a dead bottle becomes an ended one, with its workspace", async () => {
    await place("dev-aaaaa", { holder: DEAD });
    const folders = makeBottleFolders(state, slugOf("dev-aaaaa"));
    for (const folder of [folders.home, folders.workspace]) await mkdir(join(folder, "x"), { recursive: true });
    const [bottle] = await listBottles(state);
    expect(bottle?.status).toBe("dead");
    const options = { uid: process.getuid?.() ?? 0, ids: systemIds, isQuiet: async () => true };
    await settleBottle(folders, bottle?.record ?? expect.fail(), NOW, options);
    expect(await readdir(folders.root)).toEqual(["record.json", "workspace"]);
    expect(await listBottles(state)).toMatchObject([{ status: "ended", record: { endedAt: NOW.toISOString() } }]);
  });

  test("the label of a dead process goes, that of a living one stays", async () => {
    await writeFile(join(state, "old"), renderLockText({ ...DEAD, nonce: "aa", note: "" }));
    await writeFile(join(state, "mine"), renderLockText({ ...me, nonce: "aa", note: "" }));
    expect(await removeLabel(join(state, "old"), me)).toBe(true);
    expect(await removeLabel(join(state, "mine"), me)).toBe(false);
    expect(await readdir(state)).toEqual(["mine"]);
  });
});

describe("labels and leftovers", () => {
  const lock = (holder: Holder) => JSON.stringify({ version: 1, ...holder, nonce: "aa", note: "dev-aaaaa" });

  test("tell the living from the dead", async () => {
    await mkdir(join(state, ".labels"));
    await writeFile(join(state, ".labels", "mine"), lock(me));
    await writeFile(join(state, ".labels", "old"), lock(DEAD));
    await writeFile(join(state, ".labels", "broken"), "");
    await writeFile(join(state, ".labels", "old~aa"), lock(DEAD));
    await writeFile(join(state, ".labels", "mine~bb"), lock(me));
    await mkdir(join(state, ".removing-dev-aaaaa"));
    const claim = (holder: Holder) => `${makeTemporaryPrefix(".claiming", holder)}000000`;
    for (const name of [claim(DEAD), claim(me), ".claiming-without-a-holder"]) await mkdir(join(state, name));
    await writeFile(join(state, ".labels", `new~${makeTemporaryPrefix("placing", DEAD)}000000`), "");
    await writeFile(join(state, ".labels", `new~${makeTemporaryPrefix("placing", me)}000000`), "");
    expect((await listLabels(state)).map(({ label, slug, alive }) => [label, slug, alive])).toEqual([
      ["broken", "", true],
      ["mine", "dev-aaaaa", true],
      ["old", "dev-aaaaa", false],
    ]);
    const found = async (now: Date) =>
      (await findLeftovers(state, now)).map(({ path }) => path.slice(state.length + 1));
    const placing = `.labels/new~${makeTemporaryPrefix("placing", DEAD)}000000`;
    const certain = [claim(DEAD), ".removing-dev-aaaaa", placing, ".labels/old~aa"];
    expect(await found(new Date())).toEqual(certain);
    expect(await found(new Date(Date.now() + 3_600_000))).toContain(".claiming-without-a-holder");
    expect(await listLabels(join(state, "nothing"))).toEqual([]);
    expect(await findLeftovers(join(state, "nothing"), NOW)).toEqual([]);
  });
});
