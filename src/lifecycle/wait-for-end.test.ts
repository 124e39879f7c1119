import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Guest, GuestProcess } from "../backends/backend.ts";
import type { Exit } from "../base/process.ts";
import { exitCodeOf, waitForEnd } from "./wait-for-end.ts";

const NEVER = new Promise<void>(() => {});

/** A command that ends only as told: on a signal if it is polite, else when its guest is stopped. */
function fake({ polite }: { readonly polite: boolean }) {
  const log: string[] = [];
  let end: (exit: Exit) => void = () => {};
  const exit = new Promise<Exit>((resolve) => {
    end = resolve;
  });
  const kill = (signal: NodeJS.Signals) => {
    log.push(signal);
    if (polite) end({ kind: "signal", signal });
  };
  const streams = {
    kind: "pipes",
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  } as const;
  const running: GuestProcess = { ...streams, exit, kill };
  const guest: Pick<Guest, "stop"> = {
    stop: async () => {
      log.push("stop");
      end({ kind: "signal", signal: "SIGKILL" });
    },
  };
  return { running, guest: guest as Guest, log, end };
}

const WISHES = { signal: new AbortController().signal, hangUp: NEVER, timeMs: undefined, graceMs: 20 };

test("a command that ends by itself", async () => {
  const { running, guest, end } = fake({ polite: true });
  end({ kind: "code", code: 7 });
  expect(await waitForEnd(running, guest, WISHES)).toEqual({
    exit: { kind: "code", code: 7 },
    by: "itself",
    signal: undefined,
  });
});

test.each([
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGTERM"],
  ["SIGPIPE", "SIGTERM"],
])("%s asks the command to end with %s", async (got, sent) => {
  const { running, guest, log } = fake({ polite: true });
  const ending = await waitForEnd(running, guest, { ...WISHES, signal: AbortSignal.abort(got) });
  expect([ending.by, ending.signal, log]).toEqual(["signal", got, [sent]]);
});

test("a command that does not listen loses its bottle", async () => {
  const { running, guest, log } = fake({ polite: false });
  const ending = await waitForEnd(running, guest, { ...WISHES, timeMs: 1 });
  expect([ending.by, log]).toEqual(["timeout", ["SIGTERM", "stop"]]);
});

test("a terminal that went away ends the command", async () => {
  const { running, guest, log } = fake({ polite: true });
  const ending = await waitForEnd(running, guest, { ...WISHES, hangUp: Promise.resolve() });
  expect([ending.by, log]).toEqual(["hang-up", ["SIGHUP"]]);
});

test("exit codes are those of a shell", () => {
  const code = { kind: "code", code: 255 } as const;
  const killed = { kind: "signal", signal: "SIGKILL" } as const;
  expect(exitCodeOf({ exit: code, by: "itself", signal: undefined })).toBe(255);
  expect(exitCodeOf({ exit: killed, by: "itself", signal: undefined })).toBe(137);
  expect(exitCodeOf({ exit: code, by: "signal", signal: "SIGINT" })).toBe(255);
  expect(exitCodeOf({ exit: killed, by: "signal", signal: "SIGINT" })).toBe(130);
  expect(exitCodeOf({ exit: killed, by: "timeout", signal: undefined })).toBe(124);
});

test("a bottle that cannot be ended is told, not swallowed", async () => {
  const { running } = fake({ polite: false });
  const stuck: Pick<Guest, "stop"> = { stop: () => Promise.reject(new Error("it will not end")) };
  await expect(waitForEnd(running, stuck as Guest, { ...WISHES, timeMs: 1 })).rejects.toThrow("it will not end");
});
