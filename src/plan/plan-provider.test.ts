import { describe, expect, test } from "vitest";
import { parseSlug } from "../base/ids.ts";
import type { Agent, Bottle, Provider, Route, WrittenKey } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import { makePlan } from "./make-plan.ts";
import type { ProviderFacts } from "./planned-provider.ts";
import type { StartRequest } from "./request.ts";

const KEY = { kind: "env", variable: "KEY" } as const;
const SHELL: Provider = {
  ...{ template: "shell", dockerfile: undefined, authToken: undefined, program: "pinned", command: undefined },
  settings: {},
};
const AGENT_PROGRAM: ProviderFacts = {
  ...{ name: "robot", title: "Robot", command: "robot", hosts: ["api.robot.example"], needsCredential: true },
  ...{ variables: ["ROBOT_KEY"], advice: ["get one at robot.example"], takesPrompt: true, takesSkills: true },
  program: { kind: "inside" },
  argv: ({ interactive, flags, prompt, hasInstructions }) => [
    ...["robot", interactive ? "--tty" : "--batch", ...(hasInstructions ? ["--told"] : []), ...flags],
    ...(prompt === undefined ? [] : ["--", prompt]),
  ],
};
const ROUTE: Route = {
  ...{ host: "api.robot.example", ports: [443], matches: [], auth: undefined, inboundCredentials: "refuse" },
  ...{ git: { fetch: false }, allowPrivate: false, at: { file: "dev.md", line: 9 } },
  dlp: {
    outboundDetectors: undefined,
    inboundDetectors: undefined,
    inboundOnMatch: "warn",
    outboundOnMatch: undefined,
  },
  limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
};

type Change = {
  readonly request?: Partial<StartRequest>;
  readonly provider?: Partial<Provider>;
  readonly program?: Partial<ProviderFacts> | "none";
  readonly bottle?: Partial<Bottle>;
  readonly agent?: Partial<Agent>;
  readonly stdin?: boolean;
};

function make({ request, provider, program, bottle, agent, stdin = true }: Change) {
  const slug = parseSlug("dev-ab0de") ?? expect.fail();
  const facts: HostFacts = {
    backend: { name: "local", strength: "strong", because: undefined },
    imagesFolder: "/lib/images",
    limits: { heldBy: "cgroup", why: undefined },
    provider: program === "none" ? undefined : { ...AGENT_PROGRAM, ...program },
    workspace: undefined,
    terminal: { stdin, stdout: stdin },
    repository: undefined,
    caller: { uid: 1, gid: 1 },
    hostKeys: { byRemote: new Map(), first: [] },
    variables: new Set(["KEY"]),
  };
  return makePlan({
    request: {
      ...{ agent: undefined, bottles: ["dev"], argv: undefined, prompt: undefined, headless: false, yes: false },
      ...{ dryRun: false, json: false, label: undefined, color: undefined, backend: undefined, workspace: "none" },
      ...{ large: false, observe: false, handOver: undefined, ...request },
    },
    bottle: {
      ...{ names: ["dev"], files: ["dev.md"], env: [], supervise: true, backend: undefined, written: [] },
      provider: { ...SHELL, template: "robot", authToken: KEY, ...provider },
      gitGate: { user: { name: undefined, email: undefined }, repos: [] },
      egress: {
        ...{ log: "requests", routes: [] },
        limits: {
          connections: 1,
          headTimeoutMs: 1,
          idleTimeoutMs: 1,
          maxHeadBytes: 1,
          maxBodyBytes: undefined,
          holdTimeoutMs: 1,
        },
      },
      resources: { cpus: undefined, memoryBytes: undefined, pids: 1, diskBytes: undefined, timeMs: undefined },
      workspace: { mode: "none", exclude: [], include: [] },
      ...bottle,
    },
    agent: agent && {
      ...{ name: "a", file: "a.md", origin: "home", bottles: ["dev"], skills: [], prompt: "", written: [] },
      ...{ gitUser: { name: undefined, email: undefined }, ...agent },
    },
    config: {
      backend: undefined,
      extraCa: undefined,
      upstreamProxy: undefined,
      resolve: [],
      tools: [],
      registryImage: "registry@sha256:1",
    },
    ...{ facts, slug, unbuilt: [], off: [] },
  });
}

function plan(change: Change) {
  const made = make(change);
  return made.kind === "plan" ? made.plan : expect.fail(JSON.stringify([made.errors, made.problems]));
}

function refusals(change: Change): readonly string[] {
  const made = make(change);
  if (made.kind === "plan") return [];
  return [...made.errors.map(({ code, message }) => `${code} ${message}`), ...made.problems.map(placed)];
}

function placed({ file, line, column, message }: { file: string; line: number; column: number; message: string }) {
  return `${file}:${line}:${column} ${message}`;
}

const written = (...paths: readonly string[]): readonly WrittenKey[] =>
  paths.map((path, index) => ({ path, file: "dev.md", line: index + 1, column: 3 }));

describe("the command of an agent program", () => {
  test.each<[string, Change, readonly string[], string | undefined]>([
    ["on a terminal", {}, ["robot", "--tty"], undefined],
    ["with a first task", { request: { prompt: "do it" } }, ["robot", "--tty", "--", "do it"], undefined],
    ["with instructions", { agent: { prompt: "Be kind." } }, ["robot", "--tty", "--told"], undefined],
    ["with flags", { request: { argv: ["--fast"], prompt: "x" } }, ["robot", "--tty", "--fast", "--", "x"], undefined],
    ["headless", { request: { headless: true, prompt: "do it" } }, ["robot", "--batch"], "do it\n"],
    ["reading", { request: { headless: true, prompt: "-" }, stdin: false }, ["robot", "--batch"], undefined],
    ["piped into", { stdin: false }, ["robot", "--batch"], undefined],
    ["another one", { request: { argv: ["ls", "-l"] } }, ["ls", "-l"], undefined],
    ["the bottle's", { provider: { command: ["mine"] }, request: { prompt: "p" } }, ["mine", "p"], undefined],
    [
      "a shell's flags",
      { program: "none", provider: SHELL, request: { argv: ["-x"] } },
      ["bash", "-l", "-x"],
      undefined,
    ],
  ])("%s", (_what, change, argv, input) => {
    expect(plan(change).command).toMatchObject({ argv, input });
  });

  test.each<[string, Change]>([
    ["no task where it can have none typed", { request: { headless: true } }],
    ["an empty task", { request: { prompt: " \n" } }],
    ["a zero byte", { request: { prompt: "a\0" } }],
    ["a task that reads like a flag", { request: { prompt: "--help me" } }],
    ["standard input that is the terminal", { request: { prompt: "-" } }],
    ["a task for a shell", { program: "none", provider: SHELL, request: { prompt: "x" } }],
    ["a task for a command", { request: { prompt: "x", argv: ["ls"] } }],
    ["a task for a program that takes none", { program: { takesPrompt: false }, request: { prompt: "x" } }],
  ])("is refused: %s", (_what, change) => {
    expect(refusals(change)).toEqual([expect.stringMatching(/^input\/usage /)]);
  });
});

describe("the credential of an agent program", () => {
  test("stays a reference, and its host is a way out", () => {
    expect(plan({}).provider).toMatchObject({ credential: KEY, hosts: ["api.robot.example"] });
  });

  test("must be named, must be there, and the error says where to get one", () => {
    const made = make({ provider: { authToken: undefined } });
    expect(made).toMatchObject({
      errors: [{ code: "secret/missing", hint: expect.stringContaining("robot.example") }],
    });
    expect(refusals({ provider: { authToken: { kind: "env", variable: "NOT_SET" } } })).toEqual([
      "secret/missing Robot takes its credential from NOT_SET, which is not set",
    ]);
  });

  test("is not needed by a program that says so", () => {
    expect(plan({ program: { needsCredential: false }, provider: { authToken: undefined } }).provider).toMatchObject({
      credential: undefined,
    });
  });
});

describe("what does not fit the program is told at its place", () => {
  test("keys that a shell has no use for", () => {
    const keys = ["agent_provider.auth_token", "agent_provider.settings", "agent_provider.program"];
    const found = refusals({
      program: "none",
      provider: SHELL,
      bottle: { provider: SHELL, written: written(...keys) },
    });
    expect(found).toEqual(keys.map((key, index) => `dev.md:${index + 1}:3 "${key}" has no use for a shell`));
  });

  test("a variable in which the real credential would lie inside", () => {
    const bottle = { written: written("env.ROBOT_KEY", "env.OTHER") };
    expect(refusals({ bottle })).toEqual([expect.stringMatching(/^dev\.md:1:3 ROBOT_KEY is where Robot takes/)]);
  });

  test("a route for the provider's own host", () => {
    const { egress } = plan({});
    expect(refusals({ bottle: { egress: { ...egress, routes: [ROUTE] } } })).toEqual([
      expect.stringMatching(/^dev\.md:9:1 "api\.robot\.example" is routed by the provider/),
    ]);
  });

  test("skills for a program that reads none", () => {
    const agent = { skills: ["s"], written: written("skills") };
    expect(refusals({ agent, program: { takesSkills: false } })).toEqual([expect.stringContaining("skills")]);
    expect(plan({ agent }).agent?.skills).toEqual(["s"]);
  });

  test("a program that is not there", () => {
    const program = { kind: "missing", why: "it is gone", hint: "bring it back" } as const;
    expect(refusals({ program: { program } })).toEqual(["provider/no-program Robot: it is gone"]);
  });
});
