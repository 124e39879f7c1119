import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import type { StubModel } from "../fixtures/model-script.ts";
import { OPERATORS, OUTER, openStartPane, prompted, type StartPane } from "../fixtures/start-pane.ts";
import { openHttpsOrigin, originAuthority } from "../socket/egress/harness.ts";
import { AGENTS, putProgram, type RealAgent } from "./agent-world.ts";
import { waitFor } from "./tmux-pane.ts";

// The real programs on a real terminal, looked at as a person looks at them.

const MODES = "#{alternate_on} #{cursor_flag} #{keypad_flag} #{keypad_cursor_flag} #{mouse_any_flag}";

/** What a person sees when the agent waits for a task, and nothing stands before that. */
const READY = { claude: /bypass permissions on/, codex: /Ask Codex to do anything/ } as const;
/** What it looks like at work on an answer that comes slowly. */
const AT_WORK = { claude: /↓ \d+ tokens/, codex: /esc to interrupt/i } as const;
const INTERRUPTED = { claude: /Interrupted/, codex: /interrupted/i } as const;

let scope: Scope;
let pane: StartPane;
let stub: StubModel;
let before: string;

afterEach(() => scope.close());

/** An agent on a terminal that waits for its task. */
async function open(operator: (typeof OPERATORS)[number], agent: RealAgent): Promise<void> {
  scope = new Scope();
  stub = agent.makeStub((headers) => headers[agent.sent.name] === agent.sent.value);
  const origin = await openHttpsOrigin(scope, agent.host, stub.handle);
  pane = await openStartPane(operator);
  scope.defer("pane", () => pane.remove());
  await furnish(pane, operator.uid, agent, origin.port);
  pane.line(`export ${agent.variable}=${agent.credential}`);
  pane.line(`PS1='${OUTER} ' exec bash --noprofile --noediting --rcfile ../rc`);
  const isPlain = (screen: string) => prompted(OUTER)(screen) && / icanon\b/.test(pane.settings());
  await pane.until(isPlain, "a shell without a line editor"); // what is typed before may be the other one's
  pane.line("clear");
  await pane.until((screen) => screen.trim() === OUTER, "a plain shell");
  before = pane.settings();
  pane.line("clear; bottle start --yes --label mine; echo code=$?");
  await pane.until((screen) => READY[agent.name].test(screen), "the agent that waits for its task");
}

const COMBINATIONS = OPERATORS.flatMap((operator) => AGENTS.map((agent) => ({ operator, agent })));

describe.each(COMBINATIONS)("$agent.name on a terminal, started by $operator.name", ({ operator, agent }) => {
  beforeEach(() => open(operator, agent));

  /** Types a task, waits until it is seen, and sends it. */
  async function give(task: string): Promise<void> {
    pane.run("send-keys", "-l", task);
    await pane.until((screen) => screen.includes(task), "the task as it was typed");
    pane.keys("Enter");
    await waitFor(
      () => stub.asked.some(({ body }) => body.includes(task)) || undefined,
      () => `a question; ${pane.screen()}`,
    );
  }

  /** Leaves the agent by Ctrl-C, pressed twice; the terminal is as it was found. */
  async function leave(): Promise<string> {
    const ended = (seen: string) => /^code=\d+$/m.test(seen);
    pane.keys("C-c");
    const asked = await pane.until(
      (seen) => /again to (exit|quit)/i.test(seen) || ended(seen),
      "the question or the end",
    );
    if (!ended(asked)) pane.keys("C-c");
    const screen = await pane.until((seen) => /^code=\d+$/m.test(seen) && prompted(OUTER)(seen), "the end");
    expect(pane.settings()).toBe(before);
    expect(pane.ask(MODES)).toBe("0 1 0 0 0");
    expect(pane.ask("#{pane_title}")).not.toContain("mine");
    pane.line("clear; echo it is $((40 + 2))");
    await pane.until((seen) => seen.includes("it is 42"), "a shell that works");
    return screen;
  }

  test("the first screen is the prompt; a tool runs; a refused host shows in the title; it leaves a sane terminal", async () => {
    expect(pane.screen()).not.toMatch(/trust|log ?in|sign in|theme|\[y\/N\]/i);
    expect(pane.ask("#{pane_title}")).toMatch(/^mine: /);
    stub.play([
      { kind: "run", command: "echo changed > hello.txt; curl -sS -o /dev/null https://evil.example.net/" },
      { kind: "say", text: "I have changed it." },
    ]);
    await give("change the file");
    const screen = await pane.until((seen) => seen.includes("I have changed it."), "the answer");
    expect(screen).not.toContain("evil.example.net ("); // our words are in the title only
    expect(pane.ask("#{pane_title}")).toMatch(/^mine: refused .*evil\.example\.net/);
    const end = await leave();
    expect(end).toMatch(/^code=0$/m);
    expect(end).toContain("1 changed, 0 added, 0 removed");
    const [slug = ""] = pane.states();
    const kept = join(pane.home, ".bot-bottle/state", slug, "workspace/hello.txt");
    expect(readFileSync(kept, "utf8")).toBe("changed\n");
    expect(readFileSync(join(pane.repository, "hello.txt"), "utf8")).toBe("hello\n");
  });

  test("it follows a new size, can be interrupted, takes another task, and what is pasted", async () => {
    pane.resize(110, 32);
    await pane.until((seen) => seen.trimEnd().split("\n").length > 24 || /─{100}/.test(seen), "the new size");
    stub.play([
      { kind: "slow", text: "one two three four five six seven eight nine ten", pauseMs: 1_000 },
      { kind: "say", text: "That was another one." },
      { kind: "say", text: "Three lines, I see." },
    ]);
    const before = stub.asked.length;
    await give("count slowly");
    await pane.until((seen) => AT_WORK[agent.name].test(seen), "an agent at work");
    await pane.until(() => stub.asked.length > before, "a model that was asked");
    pane.keys("C-c");
    await pane.until((seen) => INTERRUPTED[agent.name].test(seen), "the interruption");
    await pane.until((seen) => !/esc to interrupt/i.test(seen), "an agent that waits");
    await give("then another");
    await pane.until((seen) => seen.includes("That was another one."), "the second answer");
    pane.run("set-buffer", "pasted one\npasted two\npasted three");
    pane.run("paste-buffer", "-p");
    await pane.until((seen) => /pasted three|pasted text/i.test(seen), "what was pasted");
    pane.keys("Enter");
    await pane.until((seen) => seen.includes("Three lines, I see."), "the third answer");
    expect(stub.asked.at(-1)?.body).toMatch(/pasted one\\npasted two\\npasted three/);
    await leave();
  });
});

describe.each(OPERATORS)("an image that $name drops on the terminal of an agent", (operator) => {
  test("reaches the model, from inside the bottle; a file that only has its name does not", async () => {
    await open(operator, AGENTS[0] as RealAgent);
    const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const [image, key] = [join(pane.home, "a shot.png"), join(pane.home, "key.png")];
    writeFileSync(image, Buffer.from(PIXEL, "base64"));
    writeFileSync(key, "the secret of the operator");
    for (const path of [image, key]) chownSync(path, operator.uid, operator.uid);
    stub.play([{ kind: "say", text: "One pixel, I see." }]);
    for (const path of [image, key]) {
      pane.run("set-buffer", `'${path}'`);
      pane.run("paste-buffer", "-p");
      await pane.until((seen) => seen.includes(path === image ? "[Image #1]" : "key.png"), "what was dropped");
    }
    pane.keys("Enter");
    await pane.until((seen) => seen.includes("One pixel, I see."), "the answer");
    const bodies = stub.asked.map(({ body }) => body).join("\n");
    expect(bodies).toContain(PIXEL.slice(0, 40));
    expect(bodies).not.toContain("the secret of the operator");
    const [slug = ""] = pane.states();
    expect(readFileSync(join(pane.home, ".bot-bottle/state", slug, "journal.jsonl"), "utf8")).toMatch(
      /"image-given","name":"1-a-shot.png"/,
    );
  });
});

/** Gives the operator a bottle for the agent, and puts the test's server in the place of the agent's service. */
async function furnish(pane: StartPane, uid: number, agent: RealAgent, port: number): Promise<void> {
  const { home } = pane;
  const write = (path: string, text: string) => {
    writeFileSync(join(home, path), text);
    chownSync(join(home, path), uid, uid);
  };
  write("ca.pem", (await originAuthority()).certificatePem);
  write(".bot-bottle/config.yaml", `extra_ca: ${home}/ca.pem\nresolve: {${agent.host}: "127.0.0.1:${port}"}\n`);
  // keys come faster here than from a person, and are to be taken for keys all the same
  const settings = agent.name === "codex" ? ", settings: {disable_paste_burst: true}" : "";
  write(
    ".bot-bottle/bottles/default.md",
    `---\nagent_provider: {template: ${agent.name}, auth_token: ${agent.variable}${settings}}\n---\n`,
  );
  const cache = join(home, ".cache");
  mkdirSync(cache, { recursive: true });
  for (const folder of [cache, ...(await putProgram(cache, agent.name))]) chownSync(folder, uid, uid);
}
