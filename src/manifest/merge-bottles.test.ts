import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Layer, mergeBottles } from "./merge-bottles.ts";
import { bottleSchema, type WrittenBottle } from "./written/bottle.ts";
import { parseYamlSource } from "./yaml-source.ts";

const layer = (file: string, written: WrittenBottle): Layer => ({
  written,
  keys: parseYamlSource(file, stringify(written), 2).keys,
});
const merged = (...written: readonly WrittenBottle[]) =>
  mergeBottles(written.map((one, index) => layer(`${index}.md`, one))).written;

describe("mergeBottles", () => {
  test("env merges, the child wins", () => {
    expect(merged({ env: { A: "1", B: "1" } }, { env: { B: "2", C: "2" } })).toEqual({
      env: { A: "1", B: "2", C: "2" },
    });
  });

  test("egress, supervise, backend and repos are replaced as a whole, and kept when the child is silent", () => {
    const parent: WrittenBottle = {
      egress: { log: "bodies", routes: [{ host: "a.example" }] },
      supervise: false,
      backend: "docker",
      "git-gate": { repos: { a: { url: "file:///a" } } },
    };
    expect(merged(parent, {})).toEqual(parent);
    expect(
      merged(parent, {
        egress: { routes: [] },
        supervise: true,
        backend: "local",
        "git-gate": { repos: { b: { url: "file:///b" } } },
      }),
    ).toEqual({
      egress: { routes: [] },
      supervise: true,
      backend: "local",
      "git-gate": { repos: { b: { url: "file:///b" } } },
    });
  });

  test("git-gate.user is overlaid field by field and leaves the parent's repos alone", () => {
    expect(
      merged(
        { "git-gate": { user: { name: "A", email: "a@x" }, repos: { a: { url: "file:///a" } } } },
        { "git-gate": { user: { email: "b@x" } } },
      ),
    ).toEqual({ "git-gate": { user: { name: "A", email: "b@x" }, repos: { a: { url: "file:///a" } } } });
  });

  test("resources and workspace are overlaid; what is excluded adds up, what is included does not", () => {
    expect(
      merged(
        { resources: { cpus: 1, pids: 9 }, workspace: { mode: "copy", exclude: ["a", "b"], include: [".env"] } },
        { resources: { cpus: 2 }, workspace: { exclude: ["b", "c"], include: [] } },
      ),
    ).toEqual({
      resources: { cpus: 2, pids: 9 },
      workspace: { mode: "copy", exclude: ["a", "b", "c"], include: [] },
    });
  });

  test("another agent program inherits nothing of the one before, the same section without a template does", () => {
    const parent: WrittenBottle = { agent_provider: { template: "claude", auth_token: "TOKEN", settings: { a: 1 } } };
    expect(merged(parent, { agent_provider: { template: "codex" } })).toEqual({
      agent_provider: { template: "codex" },
    });
    expect(merged(parent, { agent_provider: { settings: { b: 2 } } })).toEqual({
      agent_provider: { template: "claude", auth_token: "TOKEN", settings: { b: 2 } },
    });
  });

  test("extends is not inherited", () => {
    expect(merged({ extends: "x" }, { extends: "y" })).toEqual({});
  });
});

describe("mergeBottles, for any bottles", () => {
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const dropUndefined = (value: unknown): WrittenBottle => bottleSchema.parse(JSON.parse(JSON.stringify(value)));
  const word = fc.constantFrom("a", "b", "c");
  const bottle: fc.Arbitrary<WrittenBottle> = fc
    .record({
      extends: some(word),
      env: some(fc.dictionary(fc.constantFrom("A", "B", "C"), word)),
      supervise: some(fc.boolean()),
      backend: some(fc.constantFrom("local", "docker")),
      agent_provider: some(
        fc.record({
          template: some(word),
          auth_token: some(word),
          command: some(fc.array(word, { minLength: 1 })),
          settings: some(fc.dictionary(word, fc.record({ x: word }))),
        }),
      ),
      "git-gate": some(
        fc.record({
          user: some(fc.record({ name: some(word), email: some(word) })),
          repos: some(fc.dictionary(word, fc.record({ url: word }))),
        }),
      ),
      egress: some(fc.record({ log: some(fc.constant("bodies")), routes: some(fc.array(fc.record({ host: word }))) })),
      resources: some(fc.record({ cpus: some(fc.constant(1)), memory: some(fc.constant("2g")) })),
      workspace: some(fc.record({ exclude: some(fc.array(word)), include: some(fc.array(word)) })),
    })
    .map(dropUndefined);

  test("the listed keys are those of the merged values, each once", () => {
    fc.assert(
      fc.property(fc.array(bottle, { maxLength: 4 }), (bottles) => {
        const result = mergeBottles(bottles.map((one, index) => layer(`${index}.md`, one)));
        const expected = layer("x.md", result.written).keys.map((key) => key.path);
        expect(result.keys.map((key) => key.path).sort()).toEqual([...expected].sort());
      }),
    );
  });

  test("the result has the shape of a bottle, does not depend on grouping, and merging nothing changes nothing", () => {
    fc.assert(
      fc.property(bottle, bottle, bottle, (a, b, c) => {
        expect(bottleSchema.safeParse(merged(a, b, c)).success).toBe(true);
        expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)));
        const { extends: _, ...rest } = a;
        expect(merged({}, a)).toEqual(merged(a));
        expect(merged(a, {})).toEqual(merged(a));
        expect(merged(a).env).toEqual(rest.env);
      }),
    );
  });
});
