import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYamlSource } from "./yaml-source.ts";

const parse = (text: string) => parseYamlSource("f.md", text, 2);
const codes = (text: string) => parse(text).problems.map(({ line, column, code }) => `${line}:${column} ${code}`);

describe("parseYamlSource", () => {
  const source = parse(
    "env:\n  A: one\negress:\n  routes:\n    - host: a.example\n      ports: [443, 80]\nsupervise:\n",
  );

  test("finds values, keys and list entries by line and column of the file", () => {
    expect(source.placeOf(["env", "A"])).toEqual({ line: 3, column: 6 });
    expect(source.placeOfKey(["env", "A"])).toEqual({ line: 3, column: 3 });
    expect(source.placeOf(["egress", "routes", 0, "ports", 1])).toEqual({ line: 7, column: 20 });
    expect(source.placeOf([])).toEqual({ line: 2, column: 1 });
  });

  test("points at the closest thing there is when a value is missing or empty", () => {
    expect(source.placeOf(["egress", "routes", 0, "auth", "name"])).toEqual({ line: 6, column: 7 });
    expect(source.placeOf(["supervise"])).toEqual({ line: 8, column: 1 });
  });

  test("lists every written key", () => {
    expect(source.keys.map(({ path, line, column }) => `${path} ${line}:${column}`)).toEqual([
      "env 2:1",
      "env.A 3:3",
      "egress 4:1",
      "egress.routes 5:3",
      "egress.routes.0 6:7",
      "egress.routes.0.host 6:7",
      "egress.routes.0.ports 7:7",
      "supervise 8:1",
    ]);
  });

  test.each(["", "\n", "# only a comment\n", "~\n"])("%j is an empty map", (text) => {
    expect(parse(text)).toMatchObject({ value: {}, problems: [] });
  });

  test("a directive cannot bring YAML 1.1 back", () => {
    expect(parse("%YAML 1.1\n---\na: NO\nb: 0777\n").value).toEqual({ a: "NO", b: 777 });
  });

  test("words of YAML 1.1 stay text, as they are written", () => {
    expect(parse("a: NO\nb: on\nc: 12:30\nd: 0o17\n").value).toEqual({ a: "NO", b: "on", c: "12:30", d: 15 });
  });

  test.each([
    ["a: 1\nb: 2\na: 3\n", ["4:1 manifest/duplicate-key"]],
    ["a:\n\tb: 1\n", ["3:1 manifest/bad-yaml"]],
    ["a: [1, 2\n", ["3:1 manifest/bad-yaml"]],
    ["a: 'x\n", ["3:1 manifest/bad-yaml"]],
    ["a: &x 1\nb: *x\n", ["2:7 manifest/bad-yaml", "3:4 manifest/bad-yaml"]],
    ["a: !!js/function 'x'\n", ["2:4 manifest/bad-yaml"]],
    ["a: !!binary aGk=\n", ["2:13 manifest/bad-yaml"]],
    ["a: 1\n---\nb: 1\n", ["3:1 manifest/bad-yaml"]],
    ["__proto__: {a: 1}\n", ["2:1 manifest/unknown-key"]],
    ["{a: 1}: 2\n", ["2:1 manifest/bad-yaml"]],
  ])("%j is refused where it is wrong", (text, expected) => {
    expect(codes(text)).toEqual(expect.arrayContaining(expected));
    expect(parse(text).value).toBeUndefined();
  });

  test("an alias bomb is refused before it is unfolded", () => {
    const lines = Array.from({ length: 30 }, (_, index) =>
      index === 0 ? "a0: &a0 [x]" : `a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`,
    );
    expect(parse(`${lines.join("\n")}\n`).value).toBeUndefined();
  });

  test.each([65, 1000, 30_000])("%d levels of brackets are refused, not a crash", (levels) => {
    expect(codes(`a: ${"[".repeat(levels)}${"]".repeat(levels)}\n`)).toContainEqual(
      expect.stringMatching(/manifest\/bad-yaml$/),
    );
  });

  test("any text gives a value or located problems", () => {
    const bits = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "-",
      "[",
      "]",
      "{",
      "}",
      "'",
      '"',
      "|",
      "#",
      "&b",
      "*b",
      "!",
      "\t",
      "?",
    );
    const text = fc.oneof(
      fc.array(bits, { maxLength: 40 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (any) => {
        const { value, problems } = parse(any);
        expect(value === undefined).toBe(problems.length > 0);
        for (const { line, column } of problems) {
          expect(line).toBeGreaterThanOrEqual(2);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
