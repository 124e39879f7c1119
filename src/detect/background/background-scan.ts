import { Worker } from "node:worker_threads";
import type { Finding } from "../finding.ts";
import { parseFindings, type ScanJob, type ThreadSetting } from "./messages.ts";
import { readThreadText } from "./thread-text.ts";

/** Why a text was not searched: it must not pass. */
export type Unsearched = { readonly kind: "unsearched"; readonly why: "too slow" | "too many" | "failed" };

/** How a search on the thread ended, and how long it took. */
export type BackgroundResult = {
  readonly kind: "searched";
  readonly findings: readonly Finding[];
  readonly ms: number;
};

/** A thread that searches texts, one after the other, while other work goes on. */
export type BackgroundScan = {
  /** Searches a text, for so long at most. Whatever goes wrong is told, never thrown, and never looks like an answer. */
  search(job: ScanJob, limitMs: number): Promise<BackgroundResult | Unsearched>;
  /** Ends the thread; what waits is unsearched. Doing it twice is no error. */
  close(): Promise<void>;
};

/** Texts that may wait; whoever has one waiting sends no other */
const MOST_WAITING = 512;
/** What is searched takes memory outside of this */
const HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

type Waiting = {
  readonly job: ScanJob;
  readonly limitMs: number;
  readonly end: (result: BackgroundResult | Unsearched) => void;
};

/** A thread that is started with the first text, and again with the next one after it had to be ended. */
export function openBackgroundScan(setting: ThreadSetting, readText = readThreadText): BackgroundScan {
  const queue: Waiting[] = [];
  const state: { worker: Worker | undefined; busy: boolean; closed: boolean } = {
    worker: undefined,
    busy: false,
    closed: false,
  };
  const serve = async (): Promise<void> => {
    if (state.busy) return;
    state.busy = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) next.end(await runOne(next));
    state.busy = false;
  };
  const runOne = async ({ job, limitMs }: Waiting): Promise<BackgroundResult | Unsearched> => {
    if (state.closed) return unsearched("failed");
    try {
      const text = state.worker === undefined ? await readText() : "";
      if (state.closed) return unsearched("failed");
      const worker =
        state.worker ??
        startThread(text, setting, () => {
          state.worker = undefined;
        });
      state.worker = worker;
      const result = await ask(worker, job, limitMs);
      if (result.kind === "unsearched") state.worker = undefined;
      if (result.kind === "unsearched") await worker.terminate();
      return result;
    } catch {
      return unsearched("failed");
    }
  };
  return {
    search: (job, limitMs) => {
      if (queue.length >= MOST_WAITING) return Promise.resolve(unsearched("too many"));
      return new Promise((end) => {
        queue.push({ job, limitMs, end });
        void serve();
      });
    },
    close: async () => {
      state.closed = true;
      await state.worker?.terminate();
    },
  };
}

/** Nothing of this process's environment or arguments is the thread's business; it keeps the process alive only while it works. */
function startThread(text: string, setting: ThreadSetting, onExit: () => void): Worker {
  const apart = { env: {}, argv: [], execArgv: [] };
  const worker = new Worker(text, { eval: true, workerData: setting, ...apart, resourceLimits: HEAP });
  worker.on("error", () => {}); // its end is what counts, and is told to whoever waits
  worker.once("exit", onExit);
  worker.unref();
  return worker;
}

function ask(worker: Worker, { bytes, detectors }: ScanJob, limitMs: number): Promise<BackgroundResult | Unsearched> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (result: BackgroundResult | Unsearched): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onEnd).off("messageerror", onEnd).off("exit", onEnd);
      worker.unref();
      resolve(result);
    };
    const onMessage = (answer: unknown): void => {
      const findings = parseFindings(answer);
      end(
        findings === undefined ? unsearched("failed") : { kind: "searched", findings, ms: performance.now() - begun },
      );
    };
    const onEnd = (): void => end(unsearched("failed"));
    const timer = setTimeout(() => end(unsearched("too slow")), limitMs);
    worker.ref();
    worker.on("message", onMessage).on("error", onEnd).on("messageerror", onEnd).on("exit", onEnd);
    const copy = Uint8Array.from(bytes);
    worker.postMessage({ bytes: copy, detectors }, [copy.buffer]);
  });
}

function unsearched(why: Unsearched["why"]): Unsearched {
  return { kind: "unsearched", why };
}
