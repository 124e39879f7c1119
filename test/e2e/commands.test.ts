import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine, snapshot } from "./cli.ts";

type Listed = { readonly slug: string; readonly status: string; readonly exitCode: number | null };

describe.each(callers)("as $who", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
  });
  afterAll(() => machine.close());

  const list = async (): Promise<readonly Listed[]> =>
    JSON.parse((await machine.run(["list", "--json"])).stdout) as readonly Listed[];
  const named = async (label: string) =>
    (await list()).find(({ slug }) => slug.startsWith(`${label}-`)) ?? expect.fail(`${label} is not listed`);
  const startHeld = async (label: string) => {
    const held = machine.start(["start", "--label", label, "--", "sh", "-c", "echo up; read -r line"], {
      stdin: "open",
    });
    await held.says("up\n");
    return held;
  };

  describe("list, logs and cleanup", () => {
    test("say of no bottles that there are none", async () => {
      expect(await machine.run(["list"])).toMatchObject({ code: 0, stdout: "no bottles\n", stderr: "" });
      expect(await list()).toEqual([]);
      expect(await machine.run(["cleanup"])).toMatchObject({ code: 0, stdout: "nothing to clean up\n" });
      const logs = await machine.run(["logs"]);
      expect(logs).toMatchObject({ code: 2, stdout: "" });
      expect(logs.stderr).toMatch(/^bottle: there is no bottle \[bottle\/not-found\]\n {2}hint: .*--keep/);
    });

    test("tell a running, an ended and a dead bottle apart, and remove only what may go", async () => {
      const running = await startHeld("running");
      const dead = await startHeld("dead");
      dead.child.kill("SIGKILL");
      await dead.ended;
      await machine.run(["start", "--label", "failed", "--", "sh", "-c", "exit 3"]);
      await machine.run(["start", "--label", "changed", "--", "sh", "-c", "echo x > new"]);
      expect(await named("running")).toMatchObject({ status: "running", exitCode: null });
      expect(await named("dead")).toMatchObject({ status: "dead" });
      expect(await named("failed")).toMatchObject({ status: "ended", exitCode: 3 });
      expect(await named("changed")).toMatchObject({ status: "ended", exitCode: 0, results: "changed" });
      const table = (await machine.run(["list"])).stdout;
      for (const label of ["running", "dead"]) expect(table).toMatch(new RegExp(`^${label}-\\w{5} .* ${label} `, "m"));

      const before = snapshot(machine.state);
      const looked = await machine.run(["cleanup", "--all", "--dry-run"]);
      expect(looked.code).toBe(0);
      expect(looked.stdout).toMatch(/remove +bottle +failed-/);
      expect(looked.stdout).not.toContain("running-");
      const unasked = await machine.run(["cleanup", "--all"]);
      expect(unasked.code).toBe(2);
      expect(unasked.stderr).toMatch(/no terminal to ask on \[input\/usage\]\n {2}hint: add --yes/);
      expect(snapshot(machine.state)).toEqual(before);

      const slugs = async () => (await list()).map(({ slug }) => slug.replace(/-\w{5}$/, "")).sort();
      expect((await machine.run(["cleanup", "--yes"])).code).toBe(0);
      expect(await slugs()).toEqual(["changed", "dead", "failed", "running"]);
      expect(await named("dead")).toMatchObject({ status: "ended" });
      await machine.run(["cleanup", "--yes", "--all", "--older-than", "1h"]);
      expect(await slugs()).toEqual(["changed", "dead", "failed", "running"]);
      await machine.run(["cleanup", "--yes", "--results"]);
      expect(await slugs()).toEqual(["changed", "dead", "running"]);
      const removed = await machine.run(["cleanup", "--yes", "--all", "--json"]);
      expect(JSON.parse(removed.stdout)).toMatchObject({ removals: [{}, {}], kept: [] });
      expect(await slugs()).toEqual(["running"]);

      running.child.stdin?.end("go\n");
      expect((await running.ended).code).toBe(0);
      expect(await machine.leftovers()).toEqual([]);
    });

    test("logs shows a journal, follows it until it is stopped, and tells a changed byte by its line", async () => {
      const held = await startHeld("told");
      const following = machine.start(["logs", "told", "-f"]);
      await following.says("running");
      held.child.stdin?.end("go\n");
      await held.ended;
      following.child.kill("SIGINT");
      expect(await following.ended).toMatchObject({ code: 0, stderr: "" });

      await machine.run(["start", "--label", "told", "--keep", "--", "echo", "to be seen"]);
      const shown = await machine.run(["logs", "told"]);
      expect(shown).toMatchObject({ code: 0, stderr: "" });
      expect(shown.stdout).toContain("to be seen");
      const lines = (await machine.run(["logs", "told", "--json"])).stdout.trim().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { event: { kind: string } }).event.kind)).toEqual([
        "start",
        "running",
        "exit",
      ]);
      expect(await machine.run(["logs", "told", "--verify"])).toMatchObject({
        code: 0,
        stdout: "intact: 3 entries, each bound to the one before\n",
      });
      const { slug } = await named("told");
      const journal = join(machine.state, slug, "journal.jsonl");
      writeFileSync(journal, readFileSync(journal, "utf8").replace("to be seen", "to be seem"));
      const verdict = await machine.run(["logs", slug, "--verify"]);
      expect(verdict).toMatchObject({ code: 1, stdout: "broken: line 1: it is not what was written\n" });
      expect((await machine.run(["logs", "nobody"])).stderr).toMatch(
        /there is no bottle "nobody" \[bottle\/not-found\]/,
      );
      await machine.run(["cleanup", "--yes", "--all"]);
      expect(await machine.leftovers()).toEqual([]);
    });
  });

  describe("manifests", () => {
    test("info shows what is defined, and one bottle resolved", async () => {
      machine.bottle("shown", `env: { A: value }`);
      const all = await machine.run(["info"]);
      expect(all).toMatchObject({ code: 0, stderr: "" });
      expect(all.stdout).toMatch(/^Bottles\n {2}default [\s\S]*\n {2}shown .*1 env .*shown\.md\n\nAgents\n/);
      expect(JSON.parse((await machine.run(["info", "--json"])).stdout)).toMatchObject({ problems: [] });
      expect(JSON.parse((await machine.run(["info", "shown"])).stdout)).toMatchObject({ bottle: { env: [{}] } });
      const unknown = await machine.run(["info", "shwn"]);
      expect(unknown).toMatchObject({ code: 2, stdout: "" });
      expect(unknown.stderr).toMatch(/there is no bottle or agent "shwn" \[manifest\/not-found\]\n {2}hint: /);
    });

    test("manifest check is 0 when all is well, and 2 with every problem at once when not", async () => {
      expect(await machine.run(["manifest", "check", "shown"])).toMatchObject({ code: 0, stdout: "1 file is fine\n" });
      machine.bottle("broken", "envv: {}\nworkspace: { mode: cpy }");
      const checked = await machine.run(["manifest", "check"]);
      expect(checked.code).toBe(2);
      expect(checked.stderr).toMatch(/broken\.md:2:1: error[\s\S]*broken\.md:3:\d+: error/);
      const { problems } = JSON.parse((await machine.run(["manifest", "check", "--json"])).stdout) as {
        problems: readonly { line: number }[];
      };
      expect(problems.map(({ line }) => line)).toEqual([2, 3]);
      expect((await machine.run(["manifest", "check", "default", "--json"])).code).toBe(0);
    });

    test.each(["bottle", "agent", "provider", "config"])("manifest schema %s is a JSON Schema", async (kind) => {
      const ran = await machine.run(["manifest", "schema", kind]);
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(ran.stdout)).toMatchObject({ type: "object", $schema: expect.stringContaining("json-schema") });
    });
  });

  test("doctor finds that bottles can be started here, and starts none that stays", async () => {
    const ran = await machine.run(["doctor", "--json"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ok: true,
      sections: expect.arrayContaining([
        expect.objectContaining({ name: "bot-bottle", usable: true }),
        expect.objectContaining({ name: "local", usable: true }),
      ]),
    });
    expect((await machine.run(["doctor"])).stdout).toContain("Bottles can be started here.\n");
    expect(await machine.leftovers()).toEqual([]);
  });

  test("init makes three files that work, and changes none that is there", async () => {
    const settings = join(machine.folder, "fresh");
    const how = { env: { BOT_BOTTLE_HOME: settings } };
    const first = await machine.run(["init", "--yes"], how);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout.match(/^written /gm)).toHaveLength(3);
    const made = snapshot(settings);
    const second = await machine.run(["init", "--yes"], how);
    expect(second.stdout.match(/^kept /gm)).toHaveLength(3);
    expect(snapshot(settings)).toEqual(made);
    expect(await machine.run(["manifest", "check"], how)).toMatchObject({ code: 0, stderr: "" });
    expect(await machine.run(["start", "--", "true"], how)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await machine.run(["start", "shell", "--", "true"], how)).toMatchObject({ code: 0, stderr: "" });
  });

  test("completions bash completes commands, flags and their values in bash", () => {
    const complete = (words: string) => {
      const script = `
        bottle() { ${process.execPath} ${machine.main} "$@"; }
        eval "$(bottle completions bash)"
        COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _bottle; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return machine.sh(script).trim().split("\n");
    };
    expect(complete("bottle sta")).toEqual(["start"]);
    expect(complete("bottle start --works")).toEqual(["--workspace"]);
    expect(complete("bottle start --workspace c")).toEqual(["copy"]);
    expect(complete("bottle manifest ''")).toEqual(["check", "schema"]);
  });

  test("--version prints it, and a reader that goes away is no fault", async () => {
    expect((await machine.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const said = machine.sh(`${process.execPath} ${machine.main} manifest schema bottle 2>&1 | head -c 1`);
    expect(said).toBe("{");
  });

  const COMMANDS = [
    ...["", "start", "demo", "init", "list", "logs", "cleanup", "doctor", "info", "edit"],
    ...["manifest", "manifest check", "manifest schema", "completions", "completions zsh"],
  ];
  test("--help of every command says how it is used, in lines that fit", async () => {
    const helps = await Promise.all(
      COMMANDS.map((command) => machine.run([...command.split(" "), "--help"].filter(Boolean))),
    );
    for (const [index, { code, stdout, stderr }] of helps.entries()) {
      expect({ command: COMMANDS[index], code, stderr }).toEqual({ command: COMMANDS[index], code: 0, stderr: "" });
      expect(stdout).toContain(`USAGE\n  bottle ${COMMANDS[index]}`.trimEnd());
      expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
    }
  });

  test.each([
    [["strat"], /^bottle: there is no command "strat" \[input\/usage\]\n {2}hint: did you mean .*start/],
    [["frobnicate"], /^bottle: there is no command "frobnicate" \[input\/usage\]\n {2}hint: `bottle --help`/],
    [["start", "--heedless", "--", "true"], /^bottle: .*--heedless, did you mean --headless\? \[input\/usage\]/],
    [["start", "--workspace", "cop"], /^bottle: .*copy.* \[input\/usage\]/],
    [["list", "what"], /^bottle: .*what.* \[input\/usage\]/],
    [["cleanup", "--older-than", "soon"], /^bottle: .*30m, 12h or 7d.* \[input\/usage\]/],
  ])("%j is refused with a hint", async (argv, why) => {
    const ran = await machine.run(argv);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toMatch(why);
    expect(ran.stderr).not.toContain("    at ");
  });
});
