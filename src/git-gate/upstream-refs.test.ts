import { expect, test } from "vitest";
import { arePlain, parseOwnRefs, parseUpstreamRefs, sameRefs } from "./upstream-refs.ts";
import { tellUpstreamWords } from "./upstream-words.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)] as const;

test("branches and tags of an upstream, and where its HEAD is; nothing else", () => {
  const text = `ref: refs/heads/main\tHEAD\n${A}\tHEAD\n${A}\trefs/heads/main\n${B}\trefs/tags/v1\n${A}\trefs/tags/v1^{}\n${B}\trefs/pull/1/head\n`;
  const { refs, peeled, head, format } = parseUpstreamRefs(text);
  expect([...refs]).toEqual([
    ["refs/heads/main", A],
    ["refs/tags/v1", B],
  ]);
  expect([...peeled]).toEqual([["refs/tags/v1", A]]);
  expect({ head, format }).toEqual({ head: "refs/heads/main", format: "sha1" });
  expect(sameRefs(refs, parseOwnRefs(`${A} refs/heads/main\n${B} refs/tags/v1\n`))).toBe(true);
  expect(sameRefs(refs, parseOwnRefs(`${A} refs/heads/main\n${A} refs/tags/v1\n`))).toBe(false);
  expect(sameRefs(refs, parseOwnRefs(`${A} refs/heads/main\n`))).toBe(false);
});

test("an empty one, one of SHA-256, one whose HEAD is elsewhere", () => {
  expect(parseUpstreamRefs("")).toEqual({ refs: new Map(), peeled: new Map(), head: undefined, format: "sha1" });
  expect(parseUpstreamRefs(`${"c".repeat(64)}\trefs/heads/x\n`).format).toBe("sha256");
  expect(parseUpstreamRefs(`ref: refs/remotes/x/y\tHEAD\n`).head).toBeUndefined();
});

test.each([
  ["refs/heads/main", true],
  ["refs/heads/日本-😀", true],
  [Buffer.from("refs/heads/caf\xe9", "latin1").toString("utf8"), false],
  ["refs/heads/a\rb", false],
  ["refs/heads/a b", false],
  [`refs/heads/${"x".repeat(1000)}`, false],
])("whether a name is what git gave: %j", (name, is) => {
  expect(
    arePlain(
      new Map([
        ["refs/heads/x", A],
        [name, A],
      ]),
    ),
  ).toBe(is);
});

test("what an upstream says is told without noise, control sequences and what is masked", () => {
  const text = `To ssh://x\nremote: \x1b[31mno\x1b[0m secret-1 here\rhint: try\nerror: failed to push some refs to 'x'\n! [remote rejected] a -> b (hook declined)\n`;
  const lines = tellUpstreamWords(text, (line) => line.replaceAll("secret-1", "[secret]"));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("[secret] here");
  expect(lines.join()).not.toMatch(/\x1b|hint|failed to push/);
  expect(tellUpstreamWords("x\n".repeat(100), (line) => line)).toHaveLength(30);
});
