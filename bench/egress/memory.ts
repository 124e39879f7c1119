import { readFile } from "node:fs/promises";
import { runLoad, type Target } from "./load.ts";

const STEPS = 20;

/** Sends many requests and prints what the process that serves them holds in memory meanwhile. */
export async function printMemory(target: Target, pid: number, requests: number): Promise<void> {
  const step = Math.ceil(requests / STEPS);
  const samples: Promise<number>[] = [];
  const onAnswer = (count: number): boolean => {
    if (count % step === 0) samples.push(residentOf(pid));
    return count >= requests;
  };
  await runLoad(target, { connections: 64, keepAlive: true, ms: 3_600_000, onAnswer });
  const megabytes = await Promise.all(samples);
  const half = megabytes.slice(Math.floor(megabytes.length / 2));
  console.log(`\nresident memory over ${requests} requests, 64 kept connections`);
  console.log(megabytes.map((one) => one.toFixed(0)).join(" "), "MB");
  const slope = slopeOf(half) * (1000 / step) * 1000;
  console.log(`most ${Math.max(...megabytes).toFixed(0)} MB; last half: ${slope.toFixed(1)} kB per 1,000 requests`);
}

/** Memory of a process that is in use now, MB. */
async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+([0-9]+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Of the line that fits best, by step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const top = values.reduce((sum, one, index) => sum + (index - middle) * (one - mean), 0);
  return top / values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
}
