import { describe, expect, test } from "vitest";
import { parseSlug } from "../base/ids.ts";
import { plainStyle } from "../base/style.ts";
import { makeBottleFolders } from "./bottle-folders.ts";
import type { ListedBottle } from "./list-bottles.ts";
import { type CleanupFacts, type CleanupRules, planCleanup } from "./plan-cleanup.ts";
import type { BottleRecord } from "./record.ts";
import { renderCleanup, renderCleanupJson } from "./render-cleanup.ts";

const now = new Date("2026-01-10T00:00:00Z");
const DEFAULT: CleanupRules = { results: false, olderThanMs: undefined, all: false };
const DAY = 86_400_000;

function makeBottle(
  status: ListedBottle["status"],
  more: Partial<BottleRecord> | undefined,
  damage?: string,
): ListedBottle {
  const slug = parseSlug("dev-ab0de") ?? expect.fail();
  const record: BottleRecord = {
    ...{ version: 1, slug, label: undefined, bottle: "dev", agent: undefined, backend: "local", source: "/src" },
    ...{ status: "ended", holder: { pid: 1, startTicks: "1" }, startedAt: "2026-01-01T00:00:00Z" },
    ...{ endedAt: "2026-01-02T00:00:00Z", exitCode: 1, results: undefined, journal: undefined, ...more },
  };
  const folders = makeBottleFolders("/state", slug);
  return { slug, folders, status, record: more === undefined ? undefined : record, damage };
}

const facts = (bottle?: ListedBottle): CleanupFacts => ({
  bottles: bottle === undefined ? [] : [bottle],
  guests: [{ backend: "local", slug: parseSlug("dev-ab0de") ?? expect.fail(), detail: "pid 7" }],
  unasked: new Set(),
  labels: [],
  leftovers: [],
  now,
});
const decide = (bottle: ListedBottle, rules: Partial<CleanupRules> = {}) => {
  const { removals, kept } = planCleanup({ ...facts(bottle), guests: [] }, { ...DEFAULT, ...rules });
  return [...removals.map(({ kind }) => kind), ...kept.map(() => "keep")].join();
};

describe("planCleanup", () => {
  test.each(["running", "starting"] as const)(
    "touches nothing of a bottle that is %s, whatever was asked",
    (status) => {
      const plan = planCleanup(facts(makeBottle(status, {})), { results: true, olderThanMs: 0, all: true });
      expect(plan).toEqual({ removals: [], kept: [] });
    },
  );

  test("a guest without a living bottle goes", () => {
    expect(planCleanup(facts(), DEFAULT).removals).toMatchObject([
      { kind: "guest", why: "no running bottle holds it" },
    ]);
    expect(planCleanup(facts(makeBottle("ended", { results: "none" })), DEFAULT).removals).toHaveLength(1);
  });

  test.each([
    ["never recorded", makeBottle("dead", undefined), {}, "state"],
    ["killed while starting", makeBottle("dead", { status: "starting" }), {}, "state"],
    ["killed, nothing new", makeBottle("dead", { status: "running", results: "none" }), {}, "state"],
    ["killed, perhaps changed", makeBottle("dead", { status: "running" }), {}, "settle"],
    ["killed, perhaps changed", makeBottle("dead", { status: "running" }), { results: true }, "settle"],
    ["killed, perhaps changed", makeBottle("dead", { status: "running" }), { all: true }, "state"],
    ["ended, unchanged", makeBottle("ended", { results: "unchanged" }), {}, "keep"],
    ["ended, unchanged", makeBottle("ended", { results: "unchanged" }), { results: true }, "state"],
    ["ended, unchanged", makeBottle("ended", { results: "unchanged" }), { olderThanMs: 7 * DAY }, "state"],
    ["ended, unchanged", makeBottle("ended", { results: "unchanged" }), { olderThanMs: 9 * DAY }, "keep"],
    [
      "ended, unchanged",
      makeBottle("ended", { results: "unchanged" }),
      { results: true, olderThanMs: 9 * DAY },
      "keep",
    ],
    ["ended, changed", makeBottle("ended", { results: "changed" }), { results: true }, "keep"],
    ["ended, unknown", makeBottle("ended", {}), { olderThanMs: 1 }, "keep"],
    ["ended, changed", makeBottle("ended", { results: "changed" }), { all: true }, "state"],
    ["ended, changed", makeBottle("ended", { results: "changed" }), { all: true, olderThanMs: 9 * DAY }, "keep"],
    ["damaged", makeBottle("dead", undefined, "no JSON"), { results: true }, "keep"],
    ["damaged", makeBottle("dead", undefined, "no JSON"), { all: true }, "state"],
  ])("%s %#: as the rules say", (_what, bottle, rules, expected) => {
    expect(decide(bottle, rules)).toBe(expected);
  });

  test.each([
    ["that was killed", makeBottle("dead", { status: "running" })],
    ["that was killed while starting", makeBottle("dead", { status: "starting" })],
    ["without anything new", makeBottle("dead", { status: "running", results: "none" })],
  ])("a bottle %s stays whatever was asked while nobody answers for its backend", (_what, bottle) => {
    const nobody = { ...facts(bottle), guests: [], unasked: new Set(["local"] as const) };
    const plan = planCleanup(nobody, { results: true, olderThanMs: 0, all: true });
    expect(plan).toMatchObject({ removals: [], kept: [{ slug: "dev-ab0de", unasked: "local" }] });
    expect(renderCleanup(plan, plainStyle)).toMatch(/^keep {2}bottle {2}dev-ab0de {2}.*nobody answers\n$/);
    expect(JSON.parse(renderCleanupJson(plan))).toMatchObject({ kept: [{ unasked: "local" }] });
    expect(planCleanup({ ...nobody, unasked: new Set(["docker"]) }, DEFAULT).kept).toEqual([]);
  });

  test("what ended has given back what it held, and needs nobody to be asked", () => {
    const ended = {
      ...facts(makeBottle("ended", { results: "unchanged" })),
      guests: [],
      unasked: new Set(["local"] as const),
    };
    expect(planCleanup(ended, { ...DEFAULT, results: true }).removals).toMatchObject([{ kind: "state" }]);
  });

  test("one plan, in the order in which it is done, for a person and for a program", () => {
    const label = { label: "fix", path: "/state/.labels/fix", slug: "dev-00000" };
    const leftover = { kind: "folder", path: "/state/.removing-x", why: "its removal was not finished" } as const;
    const plan = planCleanup(
      {
        ...facts(makeBottle("dead", { status: "running" })),
        labels: [
          { ...label, alive: false },
          { ...label, label: "mine", alive: true },
        ],
        leftovers: [leftover],
      },
      DEFAULT,
    );
    expect(plan.removals.map(({ kind }) => kind)).toEqual(["guest", "settle", "label", "leftover"]);
    expect(renderCleanup(plan, plainStyle)).toMatchInlineSnapshot(`
      "remove  local guest  dev-ab0de           no running bottle holds it
      settle  bottle       dev-ab0de           its process is gone; the workspace may hold changes and stays, --all includes it
      remove  label        fix                 the bottle that had it is gone
      remove  folder       /state/.removing-x  its removal was not finished
      "
    `);
    expect(JSON.parse(renderCleanupJson(plan))).toMatchObject({ removals: [{}, {}, {}, {}], kept: [] });
    expect(renderCleanup({ removals: [], kept: [] }, plainStyle)).toBe("nothing to clean up\n");
    const kept = planCleanup({ ...facts(makeBottle("ended", { results: "changed" })), guests: [] }, DEFAULT);
    expect(renderCleanup(kept, plainStyle)).toMatchInlineSnapshot(`
      "keep  bottle  dev-ab0de  changed; --all includes it
      nothing to clean up
      "
    `);
  });
});
