import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FollowedItem, followJournal } from "./follow-journal.ts";

let folder: string;
let path: string;
let stop: AbortController;
let items: AsyncGenerator<FollowedItem, void, void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "follow-"));
  path = join(folder, "journal.jsonl");
  stop = new AbortController();
  items = followJournal(path, { signal: stop.signal, intervalMs: 5 });
});
afterEach(async () => {
  stop.abort();
  await items.return();
  await rm(folder, { recursive: true });
});

async function next(): Promise<unknown> {
  const { value } = await items.next();
  return value === undefined ? undefined : value.kind === "unreadable" ? value.line : value.kind;
}

describe("followJournal", () => {
  test("yields what is there, then what comes, a line once it is whole", async () => {
    await writeFile(path, "a\nb\nhal");
    expect([await next(), await next()]).toEqual(["a", "b"]);
    const third = next();
    await appendFile(path, "f é");
    await appendFile(path, "\nc\n");
    expect(await third).toBe("half é");
    expect(await next()).toBe("c");
  });

  test("waits for a file that is not there yet", async () => {
    const first = next();
    await writeFile(path, "a\n");
    expect(await first).toBe("a");
  });

  test("says that the file was cut, and starts anew", async () => {
    await writeFile(path, "first line\nsecond line\n");
    expect([await next(), await next()]).toEqual(["first line", "second line"]);
    await writeFile(path, "new\n");
    expect([await next(), await next()]).toEqual(["truncated", "new"]);
  });

  test("reads an old file to its end before the one that replaced it", async () => {
    await writeFile(path, "a\n");
    expect(await next()).toBe("a");
    await appendFile(path, "b\n");
    await writeFile(`${path}.new`, "c\n");
    await rename(`${path}.new`, path);
    expect([await next(), await next(), await next()]).toEqual(["b", "replaced", "c"]);
  });

  test("ends when the file is removed, and when it is told to", async () => {
    await writeFile(path, "a\n");
    expect(await next()).toBe("a");
    await rm(path);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    const others = followJournal(path, { signal: stop.signal, intervalMs: 1_000_000 });
    const waiting = others.next();
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("reads lines longer than one read, and characters that two reads share", async () => {
    const line = `x${"é".repeat(200_000)}`;
    await writeFile(path, `${line}\n`);
    expect(await next()).toBe(line);
  });
});
