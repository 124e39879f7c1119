import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Extending, orderLayers } from "./order-layers.ts";

function order(names: readonly string[], parents: Readonly<Record<string, string | undefined>>) {
  const bottles = new Map<string, Extending>(
    Object.entries(parents).map(([name, parent]) => [
      name,
      { file: `${name}.md`, parent, parentAt: { line: 2, column: 10 } },
    ]),
  );
  return orderLayers(names, bottles, Object.keys(parents));
}

describe("orderLayers", () => {
  test("parents come first", () => {
    expect(order(["c"], { a: undefined, b: "a", c: "b" })).toEqual({ order: ["a", "b", "c"], problems: [] });
  });

  test("several names go from left to right, and what they share counts once", () => {
    expect(order(["x", "y"], { base: undefined, x: "base", y: "base" }).order).toEqual(["base", "x", "y"]);
  });

  test("a circle is shown as a chain, once, wherever it is entered", () => {
    const { problems } = order(["d", "b", "c"], { a: "b", b: "c", c: "a", d: "c" });
    expect(new Set(problems.map((problem) => problem.message))).toEqual(
      new Set(["bottles extend each other: a → b → c → a"]),
    );
    expect(problems[0]).toMatchObject({ file: "a.md", line: 2, column: 10, code: "manifest/extends-cycle" });
  });

  test("a bottle that extends itself is told so", () => {
    expect(order(["a"], { a: "a" }).problems).toMatchObject([{ message: '"a" extends itself' }]);
  });

  test("a parent that is missing is told with the nearest name, or with all", () => {
    expect(order(["a"], { a: "bsae", base: undefined }).problems).toMatchObject([
      { file: "a.md", message: 'there is no bottle "bsae" to extend', hint: 'did you mean "base"?' },
    ]);
    expect(order(["a"], { a: "nowhere" }).problems).toMatchObject([{ hint: 'there are: "a"' }]);
  });

  test("for any chains: it ends, nothing comes twice, and without problems every parent comes before its child", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e");
    fc.assert(
      fc.property(fc.array(name), fc.dictionary(name, fc.option(name, { nil: undefined })), (names, parents) => {
        const result = order(names, parents);
        expect(new Set(result.order).size).toBe(result.order.length);
        if (result.problems.length > 0) return;
        for (const [index, one] of result.order.entries()) {
          const parent = parents[one];
          if (parent !== undefined) expect(result.order.slice(0, index)).toContain(parent);
        }
      }),
    );
  });
});
