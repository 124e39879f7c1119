import { appendFile, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSlug, type Slug } from "../base/ids.ts";
import { Scope } from "../base/scope.ts";
import { SecretValue } from "../base/secret-value.ts";
import { makeEmptyChain } from "./chain.ts";
import { openJournal } from "./open-journal.ts";
import { parseEntry } from "./parse-entry.ts";
import { readJournal } from "./read-journal.ts";
import { makeRedact, redactNothing } from "./redact.ts";
import { verifyChain } from "./verify-chain.ts";

const slug: Slug = parseSlug("dev-ab0de") ?? expect.fail();
const clock = { now: () => new Date("2026-01-02T03:04:05.678Z") };
let folder: string;
let path: string;
let scope: Scope;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "journal-"));
  path = join(folder, "journal.jsonl");
  scope = new Scope();
});
afterEach(async () => {
  await scope.close();
  await rm(folder, { recursive: true });
});

const openIt = (redact = redactNothing) => openJournal({ path, slug, clock, redact }, scope);
const written = async () => (await readJournal(path)) ?? [];
const kinds = async () =>
  (await written()).map((line) => {
    const item = parseEntry(line);
    return item.kind === "entry" ? item.entry.event.kind : item.kind;
  });

describe("openJournal", () => {
  test("makes a private file, and the chain it leaves is intact", async () => {
    const journal = await openIt();
    await journal.write({ kind: "running", owner: 1000 });
    await journal.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(verifyChain(await written(), { slug, end: journal.end() })).toEqual({ kind: "intact", end: journal.end() });
  });

  test("keeps the order of concurrent calls", async () => {
    const journal = await openIt();
    await Promise.all(Array.from({ length: 200 }, (_, owner) => journal.write({ kind: "running", owner })));
    const owners = (await written()).map((line) => JSON.parse(line).event.owner);
    expect(owners).toEqual(Array.from({ length: 200 }, (_, owner) => owner));
    expect(verifyChain(await written(), { slug }).kind).toBe("intact");
  });

  test("continues where it ended", async () => {
    await (await openIt()).write({ kind: "cleaned", what: "a" });
    await scope.close();
    scope = new Scope();
    await (await openIt()).write({ kind: "cleaned", what: "b" });
    expect(verifyChain(await written(), { slug })).toMatchObject({ kind: "intact", end: { length: 2 } });
  });

  test.each([1, 30, 100])("%i bytes of a line that a crash cut short stay, with a note", async (length) => {
    await (await openIt()).write({ kind: "cleaned", what: "a" });
    await (await openIt()).write({ kind: "cleaned", what: "b" });
    const text = await readFile(path, "utf8");
    await truncate(path, text.indexOf("\n") + 1 + length);
    const cut = await readFile(path, "utf8");
    await (await openIt()).write({ kind: "cleaned", what: "c" });
    expect(await kinds()).toEqual(["cleaned", "unreadable", "torn", "cleaned"]);
    expect((await readFile(path, "utf8")).startsWith(`${cut}\n`)).toBe(true);
    expect(verifyChain(await written(), { slug }).kind).toBe("intact");
  });

  test("a crash while noting a crash is noted too", async () => {
    await writeFile(path, '{"event":{"ki');
    await openIt();
    const text = await readFile(path, "utf8");
    await writeFile(path, text.slice(0, -20));
    await (await openIt()).write({ kind: "cleaned", what: "c" });
    expect(await kinds()).toEqual(["unreadable", "unreadable", "torn", "cleaned"]);
    expect(verifyChain(await written(), { slug }).kind).toBe("intact");
  });

  test("a whole line that only lacks its end gets it", async () => {
    await (await openIt()).write({ kind: "cleaned", what: "a" });
    await truncate(path, (await stat(path)).size - 1);
    await (await openIt()).write({ kind: "cleaned", what: "b" });
    expect(await kinds()).toEqual(["cleaned", "cleaned"]);
  });

  test("what was changed is not continued", async () => {
    await (await openIt()).write({ kind: "cleaned", what: "a" });
    await writeFile(path, (await readFile(path, "utf8")).replace('"a"', '"b"'));
    await expect(openIt()).rejects.toMatchObject({ code: "bottle/state-damaged" });
  });

  test("when something else writes to it, writing ends and everybody who listens knows", async () => {
    const journal = await openIt();
    await journal.write({ kind: "cleaned", what: "a" });
    await appendFile(path, "{}\n");
    const [first, second] = await Promise.allSettled([
      journal.write({ kind: "cleaned", what: "b" }),
      journal.write({ kind: "cleaned", what: "c" }),
    ]);
    expect(first).toMatchObject({ status: "rejected", reason: { code: "bottle/state-damaged" } });
    expect(second).toEqual(first);
    expect(journal.failure.aborted).toBe(true);
    expect(journal.failure.reason).toMatchObject({ code: "bottle/state-damaged" });
    expect(journal.end().length).toBe(1);
  });

  test("never follows a link, and a folder is no journal", async () => {
    await symlink("/etc/passwd", path);
    await expect(openIt()).rejects.toMatchObject({ code: "file/not-usable" });
    await expect(openJournal({ path: folder, slug, clock, redact: redactNothing }, scope)).rejects.toMatchObject({
      code: "file/not-usable",
    });
  });

  test("redacts before it writes", async () => {
    const journal = await openIt(makeRedact([new SecretValue("TOKEN", "hunter2-hunter2")]));
    await journal.write({ kind: "start", slug, bottle: "dev", backend: "local", argv: ["a", "--key=hunter2-hunter2"] });
    const text = await readFile(path, "utf8");
    expect(text).toContain("--key=[secret TOKEN]");
    expect(text).not.toContain("hunter2");
  });

  test("an empty journal ends where it begins, and a closed one takes nothing", async () => {
    const journal = await openIt();
    expect(journal.end()).toEqual(makeEmptyChain(slug));
    await journal.close();
    await expect(journal.write({ kind: "cleaned", what: "a" })).rejects.toThrow("closed");
  });
});
