import { setMaxListeners } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JournalEvent } from "../journal/event.ts";
import { LONGEST_LINE, parseControlReply, renderControl } from "./control-message.ts";
import type { Question } from "./hold.ts";
import { type HoldQueue, makeHoldQueue } from "./hold-queue.ts";

const WAIT_MS = 300_000;
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

let events: JournalEvent[];
let queue: HoldQueue;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  events = [];
  let next = 0;
  queue = makeHoldQueue({
    ...{ attended: true, clock: { now: () => new Date() }, ids: { base36: () => `h${next++}` }, waitMs: WAIT_MS },
    journal: (event) => events.push(event),
  });
});
afterEach(() => vi.useRealTimers());

function question(digest = "d1", over: Partial<Question> = {}): Question {
  return {
    kind: "egress-match",
    title: "POST https://api.example.com/v1/notes",
    about: { method: "POST", host: "api.example.com", path: "/v1/notes" },
    scope: "route 0",
    covers: "requests to any host under example.com",
    findings: [{ detector: "github-token", place: "body", excerpt: "ghp_… (40 characters)", digest }],
    ...over,
  };
}

describe("a question", () => {
  test("waits until it is approved, and its values pass from then on, in the same place only", async () => {
    const asked = queue.ask(question(), NEVER);
    expect(queue.waiting()).toMatchObject([{ id: "h0", title: "POST https://api.example.com/v1/notes" }]);
    expect(queue.isApproved("route 0", "d1")).toBe(false);
    expect(queue.answer("h0", { kind: "approve" }, "uid 1")).toBe(true);
    expect(await asked).toEqual({ kind: "approved" });
    expect(queue.waiting()).toEqual([]);
    expect(await queue.ask(question(), NEVER)).toEqual({ kind: "approved" });
    expect([
      queue.isApproved("route 0", "d1"),
      queue.isApproved("route 1", "d1"),
      queue.isApproved("route 0", "d2"),
    ]).toEqual([true, false, false]);
  });

  test("is rejected with a reason, and the same value is asked about again", async () => {
    const asked = queue.ask(question(), NEVER);
    queue.answer("h0", { kind: "reject", reason: "use the test account" }, "uid 1");
    expect(await asked).toEqual({ kind: "rejected", reason: "use the test account" });
    void queue.ask(question(), NEVER);
    expect(queue.waiting().map(({ id }) => id)).toEqual(["h1"]);
  });

  test("is refused when its time is up", async () => {
    const asked = queue.ask(question(), NEVER);
    vi.advanceTimersByTime(WAIT_MS - 1);
    expect(queue.waiting()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(await asked).toEqual({ kind: "timed-out", afterMs: WAIT_MS });
    expect(queue.answer("h0", { kind: "approve" }, "uid 1")).toBe(false);
    expect(queue.isApproved("route 0", "d1")).toBe(false);
  });

  test("is withdrawn when whoever asked is gone, and when the bottle ends", async () => {
    const client = new AbortController();
    const asked = queue.ask(question(), client.signal);
    client.abort();
    expect(await asked).toEqual({ kind: "withdrawn" });
    const other = queue.ask(question(), NEVER);
    queue.close();
    expect(await other).toEqual({ kind: "withdrawn" });
    expect(await queue.ask(question(), NEVER)).toEqual({ kind: "withdrawn" });
    expect(queue.waiting()).toEqual([]);
  });

  test("is answered with another one about the same values, and not with one that has more", async () => {
    const finding = question("d2").findings;
    const first = queue.ask(question(), NEVER);
    const same = queue.ask(question(), NEVER);
    void queue.ask(question("d1", { findings: [...question().findings, ...finding] }), NEVER);
    queue.answer("h0", { kind: "approve" }, "uid 1");
    expect([await first, await same]).toEqual([{ kind: "approved" }, { kind: "approved" }]);
    expect(queue.waiting().map(({ id }) => id)).toEqual(["h2"]);
  });

  test("is not asked when too many wait, or come too fast, or it is too long", async () => {
    for (let index = 0; index < 32; index++) void queue.ask(question(`d${index}`), NEVER);
    expect(await queue.ask(question("one more"), NEVER)).toEqual({ kind: "not-asked" });
    for (const { id } of queue.waiting()) queue.answer(id, { kind: "reject", reason: undefined }, "uid 1");
    const many = Array.from({ length: 60 }, (_, index) => queue.ask(question(`e${index}`), AbortSignal.abort()));
    expect(new Set((await Promise.all(many)).map(({ kind }) => kind))).toEqual(new Set(["withdrawn"]));
    let asked = 0;
    for (; asked < 100; asked++) {
      const client = new AbortController();
      const decision = queue.ask(question(`f${asked}`), client.signal);
      client.abort();
      if ((await decision).kind === "not-asked") break;
    }
    expect(asked).toBeLessThan(30);
    vi.advanceTimersByTime(60_000);
    const long = Array.from({ length: 21 }, (_, index) => question(`g${index}`).findings).flat();
    expect(await queue.ask(question("", { findings: long }), NEVER)).toEqual({ kind: "not-asked" });
  });
});

describe("what a person and the journal see", () => {
  test("every step is told, with who decided and without the digest", async () => {
    const first = queue.ask(question(), NEVER);
    queue.answer("h0", { kind: "reject", reason: "no" }, "uid 1, pid 7");
    await first;
    void queue.ask(question(), NEVER);
    vi.advanceTimersByTime(WAIT_MS);
    expect(events).toMatchObject([
      { kind: "hold-asked", id: "h0", about: "egress-match", detectors: ["github-token"] },
      { kind: "hold-ended", id: "h0", outcome: "rejected", by: "uid 1, pid 7", reason: "no" },
      { kind: "hold-asked", id: "h1" },
      { kind: "hold-ended", id: "h1", outcome: "timed-out" },
    ]);
    expect(JSON.stringify([events, queue.waiting()])).not.toContain("d1");
  });

  test("nothing that a terminal would act upon, and nothing endless", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(2_000), (text, more) => {
        const hostile = `\u001b]0;x\u0007${text}${"y".repeat(more)}`;
        const finding = { detector: hostile, place: hostile, excerpt: hostile, digest: "d" };
        const own = makeHoldQueue({
          ...{ attended: true, clock: { now: () => new Date(0) }, ids: { base36: () => "h" }, waitMs: WAIT_MS },
          journal: () => {},
        });
        void own.ask(question("", { title: hostile, about: { path: hostile }, findings: [finding] }), NEVER);
        const shown = own
          .waiting()
          .flatMap((hold) => [hold.title, ...Object.values(hold.about), ...hold.findings.flatMap(Object.values)]);
        own.close();
        for (const part of shown as string[]) {
          expect(part).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          expect(part.length).toBeLessThanOrEqual(301);
        }
      }),
    );
  });
});

test("a full queue of the longest texts is still told in one line", async () => {
  const long = "\u6f22\\".repeat(1_000);
  const about = { repo: long, refs: long, host: long, path: long };
  const findings = (n: number) =>
    Array.from({ length: 20 }, (_, at) => ({ detector: long, place: long, excerpt: long, digest: `${n} ${at}` }));
  for (let n = 0; n < 40; n++) void queue.ask({ ...question(), title: long, about, findings: findings(n) }, NEVER);
  const line = renderControl({ kind: "holds", holds: queue.waiting() });
  expect(parseControlReply(line)).toMatchObject({ kind: "holds", holds: { length: 32 } });
  expect(Buffer.byteLength(line)).toBeLessThan(LONGEST_LINE);
});
