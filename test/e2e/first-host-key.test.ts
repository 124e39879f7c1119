import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { OPERATORS, OUTER, openStartPane, prompted, type StartPane } from "../fixtures/start-pane.ts";
import { makeUpstream, NO_SSHD, openSshUpstream } from "../socket/gate/upstreams.ts";

let scope: Scope;
let pane: StartPane;

beforeEach(() => {
  scope = new Scope();
});

afterEach(async () => {
  await pane.remove();
  await scope.close();
});

test.skipIf(NO_SSHD !== undefined)(
  `a person sees the key of a server that is new, and it counts once it was accepted${NO_SSHD === undefined ? "" : `: ${NO_SSHD}`}`,
  async () => {
    const [operator] = OPERATORS;
    if (operator === undefined) throw new Error("nobody");
    pane = await openStartPane(operator);
    const server = await openSshUpstream(scope, pane.folder);
    const url = server.url(makeUpstream(pane.folder, "app.git"));
    const known = join(pane.home, ".bot-bottle/known-hosts");
    writeFileSync(
      join(pane.home, ".bot-bottle/bottles/git.md"),
      `---\ngit-gate:\n  repos:\n    app: {url: "${url}", key: ${server.key}}\n---\n`,
    );
    const start = `clear; bottle start --bottle git -- git ls-remote ${url} main; echo code=$?`;
    const ended = (code: number) =>
      pane.until((seen) => new RegExp(`code=${code}$`, "m").test(seen) && prompted(OUTER)(seen), `exit code ${code}`);

    pane.line(start);
    const asked = await pane.until((screen) => screen.includes("Start it?"), "the question");
    expect(asked.replaceAll(/\s+/g, " ")).toMatch(
      new RegExp(
        `app: \\[127\\.0\\.0\\.1\\]:${server.port} shows its key for the first time: ssh-ed25519 SHA256:\\S{43}`,
      ),
    );
    pane.line("n");
    await ended(7);
    expect(existsSync(known)).toBe(false);

    expect(pane.bottle("start", "--bottle", "git", "--headless", "--", "true")).toMatch(
      /nobody is here to accept its key/,
    );
    expect(existsSync(known)).toBe(false);

    pane.line(start);
    await pane.until((screen) => screen.includes("Start it?"), "the question");
    pane.line("y");
    expect(await ended(0)).toMatch(/refs\/heads\/main$/m);
    expect(readFileSync(known, "utf8")).toBe(`[127.0.0.1]:${server.port} ${server.hostKey}\n`);

    pane.line(start);
    const again = await pane.until((screen) => screen.includes("Start it?"), "the question");
    expect(again).not.toContain("for the first time");
    pane.line("y");
    await ended(0);
    expect(pane.bottle("start", "--bottle", "git", "--headless", "--", "git", "ls-remote", url)).toContain(
      "refs/heads/main",
    );
  },
);
