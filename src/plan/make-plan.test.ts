import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displayWidth } from "../base/display-width.ts";
import { parseSlug } from "../base/ids.ts";
import { colorStyle, plainStyle } from "../base/style.ts";
import type { Agent, Bottle, HomeConfig, Route } from "../manifest/bottle.ts";
import type { Problem } from "../manifest/problem.ts";
import type { HostFacts, WorkspaceFacts } from "./host-facts.ts";
import { makePlan, type PlanInput } from "./make-plan.ts";
import type { BottlePlan } from "./plan.ts";
import { renderPlanJson } from "./render-plan-json.ts";
import { renderPreflight } from "./render-preflight.ts";
import type { StartRequest } from "./request.ts";

const REQUEST: StartRequest = {
  ...{ agent: undefined, bottles: ["dev"], argv: undefined, headless: false, yes: false, dryRun: false, json: false },
  ...{
    prompt: undefined,
    label: undefined,
    color: undefined,
    backend: undefined,
    workspace: undefined,
    large: false,
    observe: false,
    handOver: undefined,
  },
};
const BOTTLE: Bottle = {
  names: ["dev"],
  files: ["/home/me/.bot-bottle/bottles/dev.md"],
  env: [],
  provider: {
    ...{ template: "shell", dockerfile: undefined, authToken: undefined, program: "pinned", command: undefined },
    settings: {},
  },
  gitGate: { user: { name: undefined, email: undefined }, repos: [] },
  egress: {
    log: "refusals",
    routes: [],
    limits: {
      connections: 1,
      headTimeoutMs: 1,
      idleTimeoutMs: 1,
      maxHeadBytes: 1,
      maxBodyBytes: undefined,
      holdTimeoutMs: 1,
    },
  },
  supervise: true,
  resources: { cpus: undefined, memoryBytes: undefined, pids: 512, diskBytes: undefined, timeMs: undefined },
  workspace: { mode: "copy", exclude: [], include: [] },
  backend: undefined,
  written: [],
};
const WORKSPACE: WorkspaceFacts = {
  ...{ root: "/home/me/app", kind: "git", subfolder: "", branch: "main", files: 120, bytes: 3_400_000, leftOut: [] },
  owner: { uid: 1000, gid: 1000 },
};
const FACTS: HostFacts = {
  backend: {
    name: "local",
    strength: "bubblewrap 0.8.0: namespaces, seccomp, no capabilities",
    because: "--backend",
  },
  limits: { heldBy: "cgroup", why: undefined },
  provider: undefined,
  imagesFolder: "/lib/bot-bottle/images",
  workspace: WORKSPACE,
  terminal: { stdin: true, stdout: true },
  repository: "/home/me/app",
  caller: { uid: 1000, gid: 1000 },
  hostKeys: { byRemote: new Map(), first: [] },
  variables: new Set(["GITHUB_TOKEN"]),
};
const CONFIG: HomeConfig = {
  ...{
    backend: undefined,
    extraCa: undefined,
    upstreamProxy: undefined,
    resolve: [],
    tools: [],
    registryImage: "registry@sha256:1",
  },
};
const AGENT: Agent = {
  ...{ name: "reviewer", file: "/home/me/app/.bot-bottle/agents/reviewer.md", origin: "repository", bottles: ["dev"] },
  ...{ skills: ["review", "tests"], gitUser: { name: undefined, email: "bot@example.com" }, prompt: "Review." },
  written: [],
};
const ROUTE: Route = {
  ...{ host: "api.github.com", ports: [443], inboundCredentials: "strip", allowPrivate: false, git: { fetch: false } },
  matches: [{ methods: ["GET"], paths: [{ type: "prefix", value: "/repos/" }], headers: [] }],
  auth: { scheme: "Bearer", tokenRef: { kind: "env", variable: "GITHUB_TOKEN" } },
  dlp: {
    outboundDetectors: undefined,
    inboundDetectors: undefined,
    inboundOnMatch: "warn",
    outboundOnMatch: undefined,
  },
  limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
  at: { file: "dev.md", line: 3 },
};
const FULL: Bottle = {
  ...BOTTLE,
  names: ["dev", "extra"],
  env: [
    { kind: "literal", name: "MODE", value: `fast\u001b[2J${"x".repeat(60)}` },
    { kind: "host", name: "GH_TOKEN", variable: "GITHUB_TOKEN" },
    { kind: "prompt", name: "PIN", question: "PIN of the day?" },
  ],
  gitGate: {
    user: { name: "Me", email: "me@example.com" },
    repos: [
      {
        name: "app",
        url: "https://x:y@git.example/app",
        key: undefined,
        hostKey: undefined,
        tokenRef: undefined,
        refs: undefined,
        runFiles: "report",
      },
    ],
  },
  egress: {
    ...BOTTLE.egress,
    routes: [
      ROUTE,
      { ...ROUTE, host: "*.npmjs.org", ports: [80, 443], matches: [], auth: undefined, inboundCredentials: "pass" },
    ],
  },
  resources: { ...BOTTLE.resources, memoryBytes: 2 ** 31, timeMs: 5_400_000 },
};
const FULL_FACTS: HostFacts = {
  ...FACTS,
  limits: { heldBy: "nothing", why: "this user may not make control groups" },
  workspace: {
    ...WORKSPACE,
    subfolder: "packages/日本",
    leftOut: [".env", "id_rsa", "a.pem", ".npmrc", "b.pem", "c.pem"].map((path) => ({
      path,
      why: "looks-like-secret",
    })),
  },
};

type Parts = "request" | "bottle" | "facts" | "config";
type Change = Partial<Omit<PlanInput, Parts>> & { readonly [Part in Parts]?: object };
function input({ request, bottle, facts, config, ...rest }: Change = {}): PlanInput {
  const fixed = { agent: undefined, slug: parseSlug("dev-ab0de") ?? expect.fail(), unbuilt: [], off: [] };
  return {
    ...fixed,
    ...rest,
    request: Object.assign({}, REQUEST, request),
    bottle: Object.assign({}, BOTTLE, bottle),
    facts: Object.assign({}, FACTS, facts),
    config: Object.assign({}, CONFIG, config),
  };
}
function plan(change: Change = {}): BottlePlan {
  const outcome = makePlan(input(change));
  return outcome.kind === "plan" ? outcome.plan : expect.fail(outcome.errors.map((error) => error.message).join());
}
function refusal(change: Change): unknown {
  const outcome = makePlan(input(change));
  return outcome.kind === "refused" ? outcome.errors.map(({ code, message, hint }) => ({ code, message, hint })) : [];
}
const full = () =>
  plan({
    request: { label: "fix" },
    bottle: FULL,
    agent: AGENT,
    facts: FULL_FACTS,
    config: { tools: ["/opt/node"], upstreamProxy: "http://u:secret@proxy:3128" },
    off: ["egress", "git gate"],
  });

describe("the command", () => {
  const command = ["claude", "--print"];
  test.each([
    ["what was typed", { argv: ["true"] }, command, ["true"]],
    ["the bottle's own", {}, command, command],
    ["a shell", {}, undefined, ["bash", "-l"]],
    ["a shell when nothing stands after --", { argv: [] }, undefined, ["bash", "-l"]],
  ])("is %s", (_what, request, own, argv) => {
    expect(plan({ request, bottle: { provider: { ...BOTTLE.provider, command: own } } }).command.argv).toEqual(argv);
  });

  test.each([
    [true, true, false, true],
    [false, true, false, false],
    [true, false, false, false],
    [true, true, true, false],
  ])("stdin %s, stdout %s, headless %s: interactive %s", (stdin, stdout, headless, interactive) => {
    const made = plan({ request: { headless }, facts: { terminal: { stdin, stdout } } });
    expect(made.command.interactive).toBe(interactive);
  });

  test("must be something that can be run", () => {
    expect(refusal({ request: { argv: ["a\0b"] } })).toMatchObject([{ code: "input/usage" }]);
    expect(refusal({ request: { argv: [""] } })).toMatchObject([{ code: "input/usage" }]);
  });
});

describe("the workspace", () => {
  const large = { ...WORKSPACE, files: 50_001 };
  test("is a copy unless something else was asked for", () => {
    expect(plan().workspace).toMatchObject({ mode: "copy", source: "/home/me/app", files: 120 });
    expect(plan({ request: { workspace: "none" }, facts: { workspace: undefined } }).workspace).toEqual({
      mode: "none",
    });
    expect(plan({ request: { workspace: "mount" } }).workspace).toMatchObject({ mode: "mount", owner: { uid: 1000 } });
    expect(plan({ request: { workspace: "mount" } }).warnings[0]).toContain("changed at once");
  });

  test("is not mounted when it belongs to root", () => {
    const workspace = { ...WORKSPACE, owner: { uid: 0, gid: 0 } };
    expect(refusal({ request: { workspace: "mount" }, facts: { workspace } })).toMatchObject([
      { code: "workspace/not-allowed" },
    ]);
  });

  test.each([
    ["headless", { headless: true }, {}],
    ["answered beforehand", { yes: true }, {}],
    ["without a terminal", {}, { terminal: { stdin: false, stdout: true } }],
  ])("a large one is refused %s, naming what helps", (_how, request, facts) => {
    expect(refusal({ request, facts: { workspace: large, ...facts } })).toEqual([
      {
        code: "workspace/too-large",
        message: "/home/me/app has 50001 files and 3.4 MB to copy",
        hint: "leave something out with `workspace.exclude` in the bottle, or add --large",
      },
    ]);
    expect(plan({ request: { ...request, large: true }, facts: { workspace: large, ...facts } }).warnings).toHaveLength(
      1,
    );
  });

  test("a large one is shown to whoever is asked", () => {
    expect(plan({ facts: { workspace: large } }).warnings).toEqual([
      "a large workspace is copied: 50001 files, 3.4 MB",
    ]);
    expect(plan({ request: { dryRun: true, yes: true }, facts: { workspace: large } }).warnings).toHaveLength(1);
  });
});

describe("what stands against a start", () => {
  const env = [{ kind: "host", name: "A", variable: "MISSING" } as const];
  test("a missing host variable is named", () => {
    expect(refusal({ bottle: { env } })).toEqual([
      {
        code: "secret/missing",
        message: "env.A takes the host variable MISSING, which is not set",
        hint: "export MISSING=…, then try again",
      },
    ]);
  });

  test("a question needs somebody who answers, except for a look", () => {
    const asked = { env: [{ kind: "prompt", name: "PIN", question: "?" }] };
    expect(refusal({ bottle: asked, request: { headless: true } })).toMatchObject([{ code: "secret/missing" }]);
    expect(plan({ bottle: asked, request: { headless: true, dryRun: true } }).env).toHaveLength(1);
  });

  test("features that are not built, and all reasons at once; warnings do not stop it", () => {
    const problem: Problem = {
      ...{ severity: "error", file: "dev.md", line: 3, column: 1, code: "manifest/not-built" },
      ...{ message: "routes are not built", hint: undefined },
    };
    const outcome = makePlan(input({ unbuilt: [problem], bottle: { env }, request: { argv: [""] } }));
    expect(outcome).toMatchObject({ kind: "refused", problems: [problem], errors: [{}, {}] });
    const mild = plan({ unbuilt: [{ ...problem, severity: "warning" }] });
    expect(mild.warnings).toEqual(["dev.md:3:1: routes are not built"]);
  });
});

describe("the plan", () => {
  test("is frozen to its leaves, and does not freeze what it was made from", () => {
    const made = full();
    const parts: unknown[] = [made];
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      expect(Object.isFrozen(part)).toBe(true);
      parts.push(...Object.values(part));
    }
    expect(Object.isFrozen(FULL.env)).toBe(false);
  });

  test("takes the identity for git field by field, the agent's first", () => {
    expect(full().git.user).toEqual({ name: "Me", email: "bot@example.com" });
  });

  test("as JSON: stable, complete, without a password", () => {
    expect(renderPlanJson(full())).toBe(renderPlanJson(full()));
    expect(renderPlanJson(full())).not.toMatch(/secret@|x:y@/);
    expect(JSON.parse(renderPlanJson(plan()))).toMatchObject({
      version: 1,
      slug: "dev-ab0de",
      label: null,
      agent: null,
    });
    expect(renderPlanJson(plan())).toMatchInlineSnapshot(`
      "{
        "version": 1,
        "slug": "dev-ab0de",
        "label": null,
        "color": null,
        "agent": null,
        "provider": null,
        "bottle": {
          "names": [
            "dev"
          ],
          "files": [
            "/home/me/.bot-bottle/bottles/dev.md"
          ]
        },
        "backend": {
          "name": "local",
          "strength": "bubblewrap 0.8.0: namespaces, seccomp, no capabilities",
          "because": "--backend"
        },
        "image": null,
        "command": {
          "argv": [
            "bash",
            "-l"
          ],
          "interactive": true,
          "input": null
        },
        "env": [],
        "workspace": {
          "mode": "copy",
          "source": "/home/me/app",
          "kind": "git",
          "subfolder": "",
          "branch": "main",
          "files": 120,
          "bytes": 3400000,
          "leftOut": []
        },
        "limits": {
          "pids": 512,
          "cpus": null,
          "memoryBytes": null,
          "timeMs": null,
          "heldBy": "cgroup",
          "why": null
        },
        "guest": {
          "user": "node",
          "uid": 1000,
          "gid": 1000,
          "home": "/home/node",
          "workspace": "/home/node/workspace",
          "hostname": "dev-ab0de"
        },
        "tools": [],
        "git": {
          "user": {
            "name": "Agent in a bottle",
            "email": "agent@bottle.invalid"
          },
          "remotes": [],
          "firstKeys": []
        },
        "egress": {
          "log": "refusals",
          "routes": [],
          "limits": {
            "connections": 1,
            "headTimeoutMs": 1,
            "idleTimeoutMs": 1,
            "maxHeadBytes": 1,
            "maxBodyBytes": null,
            "holdTimeoutMs": 1
          }
        },
        "observe": false,
        "config": {
          "extraCa": null,
          "upstreamProxy": null,
          "resolve": []
        },
        "off": [],
        "warnings": []
      }
      "
    `);
  });

  test("never holds the value of a host variable: it is not even given one", () => {
    const secret = fc.stringMatching(/^[!-~]{12,40}$/);
    fc.assert(
      fc.property(secret, (value) => {
        const host = { GITHUB_TOKEN: value };
        const made = plan({ bottle: FULL, facts: { ...FULL_FACTS, variables: new Set(Object.keys(host)) } });
        const shown = renderPlanJson(made) + renderPreflight(made, { style: plainStyle });
        fc.pre(!renderPlanJson(full()).includes(value));
        expect(shown).not.toContain(value);
      }),
    );
  });
});

describe("the preflight", () => {
  test("of a machine says that its size is the limit", () => {
    const limits = { heldBy: "machine", why: undefined } as const;
    const show = (memoryBytes: number | undefined, cpus: number | undefined) =>
      renderPreflight(
        plan({ facts: { ...FACTS, limits }, bottle: { resources: { ...BOTTLE.resources, memoryBytes, cpus } } }),
        { style: plainStyle, columns: 200 },
      );
    expect(show(2 ** 31, 1.5)).toContain(
      "processes are not counted, no time limit; the machine has 2 GiB of memory and 2 cpus",
    );
    expect(show(undefined, undefined)).toContain("the machine has usual memory and the usual cpus");
  });

  test("of a small bottle", () => {
    expect(
      renderPreflight(plan({ request: { argv: ["make", "test all"] } }), { style: plainStyle }),
    ).toMatchInlineSnapshot(`
      "bottle     dev-ab0de, from dev
      command    make 'test all'  (interactive)
      backend    local (asked for by --backend), bubblewrap 0.8.0: namespaces,
                 seccomp, no capabilities
      workspace  a copy of /home/me/app: repository on branch main, 120 files, 3.4 MB
      env        none
      git        commits as Agent in a bottle <agent@bottle.invalid>; no remotes
      network    none at all
      limits     512 processes, no time limit, memory not limited, all cpus
      "
    `);
  });

  test("of a bottle with everything", () => {
    expect(renderPreflight(full(), { style: plainStyle })).toMatchInlineSnapshot(`
      "bottle     dev-ab0de, from dev + extra, labelled fix
      agent      reviewer, from this repository:
                 /home/me/app/.bot-bottle/agents/reviewer.md
      command    bash -l  (interactive)
      backend    local (asked for by --backend), bubblewrap 0.8.0: namespaces,
                 seccomp, no capabilities
      workspace  a copy of /home/me/app: repository on branch main, 120 files, 3.4 MB
                 the command starts in packages/日本
                 6 left out: .env (looks like a secret), id_rsa (looks like a secret),
                 a.pem (looks like a secret), .npmrc (looks like a secret) and 2 more
      env        MODE     = "fast\\x1b[2Jxxxxxxxxxxxxxxxxxxxx…"
                 GH_TOKEN = value of the host's GITHUB_TOKEN
                 PIN      = asked for: PIN of the day?
                 the agent can read these values
      skills     review, tests
      git        commits as Me <bot@example.com>
                 app: https://git.example/app, pushes to bottle/dev-ab0de/*
      network    api.github.com [auth:Bearer] GET /repos/…
                 *.npmjs.org:80,443
      limits     512 processes, ended after 90 min
                 memory and cpus not limited: this user may not make control groups
      tools      /opt/node, read-only
      off        egress, git gate (not in this version)
      beware     the bottle limits memory, and nothing on this machine holds that:
                 this user may not make control groups
                 *.npmjs.org takes credentials that the agent brings along
                 requests leave through the proxy of config.yaml, which resolves
                 names: their addresses cannot be checked
      "
    `);
  });

  test("fits the terminal, and colour does not change a word", () => {
    for (const line of renderPreflight(full(), { style: plainStyle }).split("\n")) {
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
    }
    const colored = renderPreflight(full(), { style: colorStyle });
    expect(colored.replace(/\u001b\[\d+m/g, "")).toBe(renderPreflight(full(), { style: plainStyle }));
  });

  test("shows hostile text harmlessly, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 20, max: 200 }), (text, columns) => {
        fc.pre(!text.includes("\0") && text !== "");
        const made = plan({
          request: { argv: [text], label: text },
          facts: { workspace: { ...WORKSPACE, branch: text, leftOut: [{ path: text, why: "link-out" }] } },
        });
        expect(renderPreflight(made, { style: plainStyle, columns }).replaceAll("\n", "")).toMatch(
          /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u,
        );
      }),
    );
  });
});
