import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readHolder } from "../../src/base/holder.ts";
import { tryLock } from "../../src/base/lock.ts";
import { type Child, startChild } from "../fixtures/child.ts";

const ROUNDS = 5;
const TAKERS = 4;
let folder: string;
let path: string;
const children: Child[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  path = join(folder, "label");
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await rm(folder, { recursive: true });
});

async function startTakers(count: number): Promise<readonly Child[]> {
  const started = Array.from({ length: count }, () => startChild("take-lock.ts", path));
  children.push(...started);
  for (const child of started) expect(await child.nextLine()).toBe("ready");
  return started;
}

async function race(takers: readonly Child[]): Promise<{ winners: readonly Child[]; answers: readonly string[] }> {
  for (const taker of takers) taker.send("go");
  const answers = await Promise.all(takers.map((taker) => taker.nextLine()));
  return { winners: takers.filter((_, index) => answers[index] === "taken"), answers };
}

describe("a lock between processes", () => {
  test("of several that want a free lock exactly one gets it", async () => {
    const { winners, answers } = await race(await startTakers(TAKERS));
    expect(winners).toHaveLength(1);
    expect(answers.filter((answer) => answer === "held")).toHaveLength(TAKERS - 1);
  });

  test("a lock is free again when its holder is killed, for exactly one of several that want it, again and again", async () => {
    let [holder] = (await race(await startTakers(1))).winners;
    for (let round = 0; round < ROUNDS; round += 1) {
      const takers = await startTakers(TAKERS);
      await holder?.kill();
      const { winners } = await race(takers);
      expect(winners).toHaveLength(1);
      holder = winners[0];
      for (const taker of takers) if (taker !== holder) await taker.kill();
    }
    await holder?.kill();
    expect((await tryLock(path, await readHolder(process.pid))).kind).toBe("taken");
    expect(await readdir(folder)).toEqual(["label"]);
  });
});
