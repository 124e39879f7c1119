import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makePaths } from "../base/paths.ts";
import { listManifests } from "./list-manifests.ts";
import { PROBLEM_CODES } from "./problem-codes.ts";
import { renderProblems } from "./render-problems.ts";
import { makeJsonSchema } from "./schema.ts";

const DOCUMENT = await readFile(new URL("../../docs/MANIFEST.md", import.meta.url), "utf8");

/** Code blocks, by what is written behind their language. */
const blocks = [...DOCUMENT.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, , name = "", text = ""]) => ({
  name,
  text,
}));

async function check(files: readonly { readonly name: string; readonly text: string }[]) {
  const home = await mkdtemp(join(tmpdir(), "documentation-"));
  try {
    for (const { name, text } of files) {
      await mkdir(dirname(join(home, name)), { recursive: true });
      await writeFile(join(home, name), text);
    }
    const paths = makePaths({ BOT_BOTTLE_HOME: home }, "/home/ada");
    const list = await listManifests({ paths, userHome: "/home/ada", repository: undefined });
    return { ...list, rendered: renderProblems(list.problems, list.texts).replaceAll(home, "/home/ada/.bot-bottle") };
  } finally {
    await rm(home, { recursive: true });
  }
}

describe("docs/MANIFEST.md", () => {
  test("its example files are right, and fit together", async () => {
    const files = blocks.filter(({ name }) => /\.(md|yaml)$/.test(name));
    expect(files.map(({ name }) => name)).toEqual([
      "bottles/base.md",
      "bottles/dev.md",
      "agents/reviewer.md",
      "config.yaml",
    ]);
    const { problems, bottles, agents } = await check(files);
    expect(problems).toEqual([]);
    expect(bottles.find(({ entry }) => entry.name === "dev")?.bottle?.env).toEqual([
      { kind: "literal", name: "LANG", value: "C.UTF-8" },
      { kind: "literal", name: "EDITOR", value: "vim" },
      { kind: "host", name: "GH_USER", variable: "GH_USER" },
      { kind: "prompt", name: "NPM_OTP", question: "One-time code for npm" },
    ]);
    expect(agents.map(({ agent }) => agent?.bottles)).toEqual([["dev"]]);
  });

  test("its example of routes is right", async () => {
    const heads = blocks.filter(({ name }) => name === "bottle");
    expect(heads).toHaveLength(1);
    const files = heads.map(({ text }, index) => ({ name: `bottles/b${index}.md`, text: `---\n${text}---\n` }));
    expect((await check(files)).problems).toEqual([]);
  });

  test("the provider of docs/AGENTS.md is right", async () => {
    const text = await readFile(new URL("../../docs/AGENTS.md", import.meta.url), "utf8");
    const [, name = "", content = ""] = /^```markdown (\S+)\n([\s\S]*?)^```$/m.exec(text) ?? [];
    expect(name).toBe("providers/aider.md");
    const found = await check([{ name, text: content }]);
    expect(found.problems).toEqual([]);
    expect(found.providers).toHaveLength(1);
  });

  test("its example of a problem is what is printed", async () => {
    const dev = blocks.find(({ name }) => name === "bottles/dev.md")?.text ?? "";
    const text = dev.replace("extends: base\n", "").replace("  exclude", "  exlude");
    const { rendered } = await check([{ name: "bottles/dev.md", text }]);
    expect(DOCUMENT).toContain(`\`\`\`text\n${rendered}\`\`\``);
  });

  test("every key of every schema is in it", () => {
    const words = new Set([...DOCUMENT.matchAll(/`([^`\n]+)`/g)].flatMap(([, words = ""]) => words.split(/[.,: ]+/)));
    const missing = (["bottle", "agent", "provider", "config"] as const).flatMap((kind) =>
      [...keysOf(makeJsonSchema(kind))].filter((key) => !words.has(key)),
    );
    expect(missing).toEqual([]);
  });

  test("every code is in it, with its meaning, and no other", () => {
    const rows = [...DOCUMENT.matchAll(/^\| `(manifest\/[a-z-]+)` \| (.*) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(rows).toEqual(Object.entries(PROBLEM_CODES));
  });
});

function* keysOf(schema: unknown): Generator<string> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, inner] of Object.entries(schema)) {
    if (key === "properties") yield* Object.keys(inner);
    yield* keysOf(inner);
  }
}
