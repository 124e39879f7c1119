import { parentPort, workerData } from "node:worker_threads";
import { makeDetectors } from "../make-detectors.ts";
import { loadSecretlintDetector } from "../scan-secretlint.ts";
import { scanWholly } from "../scan-wholly.ts";
import { parseJob, parseSetting } from "./messages.ts";

// The thread that searches what takes long. A fault ends it, and whoever waits for an answer takes that for a refusal.

void serve();

async function serve(): Promise<void> {
  const setting = parseSetting(workerData);
  if (setting === undefined) throw new Error("the thread was started without a whole setting");
  const loaded = setting.secretlint ? [await loadSecretlintDetector()] : [];
  const detectors = makeDetectors(setting.values, loaded);
  parentPort?.on("message", (message: unknown) => {
    const job = parseJob(message);
    if (job === undefined) throw new Error("the thread was asked for something else than a search");
    const { buffer, byteOffset, byteLength } = job.bytes;
    parentPort?.postMessage(scanWholly(Buffer.from(buffer, byteOffset, byteLength), detectors.named(job.detectors)));
  });
}
