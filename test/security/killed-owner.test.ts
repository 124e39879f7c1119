import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import type { GuestRef } from "../../src/backends/backend.ts";
import { waitUntil } from "../../src/backends/local/wait-until.ts";
import { parseSlug } from "../../src/base/ids.ts";
import { driverArgv } from "../fixtures/driver-argv.ts";
import { IS_ROOT, makeTestBackend, WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: kill -9 of the owner ends everything inside, and remove clears the rest`, async () => {
  const marker = `86${process.pid}`;
  const script = `setsid sleep ${marker} & setsid sh -c 'trap "" HUP TERM INT; sleep ${marker}; sleep ${marker}' & echo up; sleep ${marker}`;
  const [file, ...args] = driverArgv("sh", "-c", script);
  const owner = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const [line, up] = await Promise.all([firstLine(owner.stderr), firstLine(owner.stdout)]);
  expect(up).toBe("up");
  const { folder, slug, uid } = JSON.parse(line) as { folder: string; slug: string; uid: number };
  await waitUntil(() => countSleeping(marker) >= 3, 5000);
  expect(countSleeping(marker)).toBeGreaterThanOrEqual(3);
  const backend = makeTestBackend(folder);
  expect((await backend.list()).map((ref) => ref.slug)).toEqual([slug]);

  owner.kill("SIGKILL");
  expect(await waitUntil(() => countSleeping(marker) === 0, 1000)).toBe(true);
  expect(await waitUntil(() => countWithVariable(`BOT_BOTTLE_SLUG=${slug}`) === 0, 1000)).toBe(true);

  const left = await backend.list();
  expect(left.map((ref) => ref.slug)).toEqual(IS_ROOT ? [slug] : []); // groups and a claim, which only root has
  const parsed = parseSlug(slug);
  if (parsed === undefined) throw new Error("no slug");
  const ref: GuestRef = { backend: "local", slug: parsed, detail: "" };
  await backend.remove(ref);
  await backend.remove(ref);
  expect(await backend.list()).toEqual([]);
  if (IS_ROOT) expect(existsSync(`/run/bot-bottle/uids/${uid}`)).toBe(false);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder);
  await rm(folder, { recursive: true });
});

test(`as ${WHO}: remove ends a bottle whose owner lives`, async () => {
  const [file, ...args] = driverArgv("sh", "-c", "echo up; sleep 1000");
  const owner = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const [line] = await Promise.all([firstLine(owner.stderr), firstLine(owner.stdout)]);
  const { folder, slug } = JSON.parse(line) as { folder: string; slug: string };
  const ended = new Promise((resolve) => owner.once("exit", resolve));
  const parsed = parseSlug(slug);
  if (parsed === undefined) throw new Error("no slug");
  const elsewhere = makeTestBackend(`${folder}-of-another-home`);
  expect(await elsewhere.list()).toEqual([]);
  const backend = makeTestBackend(folder);
  expect((await backend.list()).map((ref) => ref.slug)).toEqual([slug]);
  await backend.remove({ backend: "local", slug: parsed, detail: "" });
  await ended;
  expect(await backend.list()).toEqual([]);
});

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => createInterface({ input: stream }).once("line", resolve));
}

function countSleeping(marker: string): number {
  return countProcesses((pid) => {
    const text = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    const state = /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
    return text === `sleep\0${marker}\0` && state !== "Z";
  });
}

function countWithVariable(entry: string): number {
  return countProcesses((pid) => readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(entry));
}

function countProcesses(matches: (pid: string) => boolean): number {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && matches(name);
    } catch {
      return false; // gone meanwhile, or another user's
    }
  }).length;
}
