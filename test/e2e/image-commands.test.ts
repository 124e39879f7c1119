import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

// `bottle image list` and `prune` before an engine that has two images and forgets what is removed: the one of this machine
// also has the images of whoever else uses it.

const caller = callers[0] ?? expect.fail();
const ID = (digit: string) => digit.repeat(64);
const NAME = (digit: string, by = "archive", ending = "tar") => `${digit.repeat(16)}-x64-${by}-v1.${ending}`;
const DAY_MS = 24 * 3600 * 1000;

describe("bottle image list and prune", () => {
  let machine: Machine;
  let folder: string;
  let env: Readonly<Record<string, string>>;
  const bottle = (...argv: readonly string[]) => machine.run(["image", ...argv], { env });
  const kept = () => readdirSync(folder).sort();
  const put = (name: string, days: number, bytes: number) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.alloc(bytes));
    const used = new Date(Date.now() - days * DAY_MS);
    utimesSync(path, used, used);
    machine.own(path);
  };
  beforeEach(() => {
    machine = new Machine(caller);
    folder = join(machine.cache, "bot-bottle/smolmachines");
    mkdirSync(folder, { recursive: true });
    machine.own(join(machine.cache, "bot-bottle"), folder);
    const images = ["a", "b"].map((digit, at) => ({
      Id: `sha256:${ID(digit)}`,
      RepoTags: [`bot-bottle/${at === 0 ? "claude" : "shell"}:latest`],
      Created: `2026-01-0${at + 1}T00:00:00Z`,
      Size: 500_000_000,
    }));
    const engine = join(machine.folder, "engine");
    writeFileSync(
      engine,
      [
        "#!/bin/sh",
        `echo "$*" >>${machine.folder}/asked`,
        'case "$1 $2" in',
        `"image ls") printf '%s\\n' ${images.map(({ Id }) => Id).join(" ")};;`,
        `"image inspect") echo '${JSON.stringify(images)}';;`,
        "esac",
      ].join("\n"),
    );
    chmodSync(engine, 0o755);
    env = { BOTTLE_DOCKER: engine };
    put(NAME("a"), 1, 3000);
    put(NAME("a", "template", "smolmachine"), 2, 2000);
    put(NAME("b", "registry", "smolmachine"), 30, 4000);
    put(NAME("c"), 3, 1000); // its image is gone
  });
  afterEach(() => machine.close());

  test("list shows images and what was made of them, the last used first; also as JSON", async () => {
    const shown = await bottle("list");
    expect(shown.code, shown.stderr).toBe(0);
    const lines = shown.stdout.split("\n").filter(Boolean);
    expect(lines[0]).toMatch(/^IMAGE +ID +SIZE +BUILT/);
    expect(lines[1]).toMatch(/^bot-bottle\/shell:latest +b{12} +.*2026-01-02/);
    expect(lines.findIndex((line) => line.startsWith("FOR MACHINES"))).toBe(3);
    expect(lines.slice(4).map((line) => line.split(" ")[0])).toEqual([
      NAME("a"),
      NAME("a", "template", "smolmachine"),
      NAME("c"),
      NAME("b", "registry", "smolmachine"),
    ]);
    const json = await bottle("list", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      images: [{ id: `sha256:${ID("b")}` }, { tags: ["bot-bottle/claude:latest"] }],
      machines: [{ image: "a".repeat(16), bytes: 3000, path: join(folder, NAME("a")) }, {}, {}, { bytes: 4000 }],
    });
  });

  test("prune removes what has no image any more, by age and by size; a dry run removes nothing", async () => {
    const dry = await bottle("prune", "--older-than", "14d", "--dry-run");
    expect(dry.stdout).toContain("would remove 2");
    expect(kept()).toHaveLength(4);
    const plain = await bottle("prune", "--json");
    expect(JSON.parse(plain.stdout)).toMatchObject({ found: [], machines: [{ image: "c".repeat(16) }] });
    expect(kept()).toHaveLength(3);
    const old = await bottle("prune", "--older-than", "14d");
    expect(old.stdout).toContain(NAME("b", "registry", "smolmachine"));
    expect(old.stdout).toContain("removed 1");
    const large = await bottle("prune", "--keep", "4k");
    expect(large.code, large.stderr).toBe(0);
    expect(kept()).toEqual([NAME("a")]);
    expect((await bottle("prune", "--all")).stdout).toContain("removed 3");
    expect(kept()).toEqual([]);
  });

  test("what was never completed goes with the next prune, unless somebody may be at it", async () => {
    put(`${NAME("a")}.partial`, 1, 10);
    put(`${NAME("b", "registry", "smolmachine")}.saved`, 1, 10);
    put(`${NAME("d")}.partial`, 0, 10);
    expect((await bottle("list", "--json")).stdout).not.toContain("partial");
    expect((await bottle("prune")).code).toBe(0);
    expect(kept().filter((name) => /partial|saved/.test(name))).toEqual([`${NAME("d")}.partial`]);
  });

  test("a size or a span that is none is refused, and nothing is removed", async () => {
    for (const flags of [
      ["--keep", "much"],
      ["--older-than", "long"],
    ]) {
      const ran = await bottle("prune", ...flags);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain("is no s");
    }
    expect(kept()).toHaveLength(4);
    expect(existsSync(join(machine.folder, "asked"))).toBe(false);
  });
});
