import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsSchema } from "./fits-schema.ts";
import { type ManifestKind, makeJsonSchema, WRITTEN_SCHEMAS } from "./schema.ts";

describe("fitsSchema", () => {
  test("is not sure of a keyword it does not know, or without a schema", () => {
    expect(fitsSchema({ type: "string" }, "a")).toBe(true);
    expect(fitsSchema({ type: "string", format: "email" }, "a@b.example")).toBe(false);
    expect(fitsSchema({ type: "null" }, null)).toBe(false);
    expect(fitsSchema(undefined, "a")).toBe(false);
  });

  test.each([
    [{ type: "integer" }, 1, true],
    [{ type: "integer" }, 1.5, false],
    [{ type: "integer" }, 2 ** 53, false],
    [{ type: "number" }, 1.5, true],
    [{ type: "number" }, Number.POSITIVE_INFINITY, false],
    [{ type: "object" }, [], false],
    [{ type: "object" }, new Map(), false],
    [{ required: ["toString"] }, {}, false],
    [{ properties: {}, additionalProperties: false }, { constructor: 1 }, false],
  ])("%j holds for %j: %s", (schema, value, fits) => {
    expect(fitsSchema(schema, value)).toBe(fits);
  });

  test("knows every keyword of our schemas: a full file needs no zod", () => {
    expect(fitsSchema(makeJsonSchema("bottle"), FULL_BOTTLE)).toBe(true);
    expect(fitsSchema(makeJsonSchema("agent"), FULL_AGENT)).toBe(true);
    expect(fitsSchema(makeJsonSchema("provider"), FULL_PROVIDER)).toBe(true);
    expect(fitsSchema(makeJsonSchema("config"), FULL_CONFIG)).toBe(true);
  });

  const full: Readonly<Record<ManifestKind, unknown>> = {
    get bottle() {
      return FULL_BOTTLE;
    },
    get agent() {
      return FULL_AGENT;
    },
    get provider() {
      return FULL_PROVIDER;
    },
    get config() {
      return FULL_CONFIG;
    },
  };

  test.each(["bottle", "agent", "provider", "config"] as const)(
    "agrees with zod on any change to a full %s",
    (kind) => {
      const schema = makeJsonSchema(kind);
      fc.assert(
        fc.property(fc.nat(), fc.nat(), replacement, (pick, how, value) => {
          const changed = change(full[kind], pick, how, value);
          const parsed = WRITTEN_SCHEMAS[kind].safeParse(changed);
          expect(fitsSchema(schema, changed)).toBe(parsed.success);
          if (parsed.success) expect(parsed.data).toEqual(changed);
        }),
        { numRuns: 400 },
      );
    },
  );
});

const replacement = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    "",
    "x",
    "a-b",
    "A",
    "2g",
    "30m",
    "local",
    "GET",
    [],
    ["a"],
    {},
    { a: "b" },
  ),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 0.5, 1, 80, 65535, 65536, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
);

/** A copy in which one value, chosen by a number, is replaced, removed or given a neighbour. */
function change(value: unknown, pick: number, how: number, replace: unknown): unknown {
  const copy: unknown = structuredClone(value);
  const places: (() => void)[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const entries = node as Record<string, unknown>;
    for (const key of Object.keys(node)) {
      places.push(() => {
        if (how % 3 === 0) entries[key] = replace;
        else if (how % 3 === 1 && !Array.isArray(node)) delete entries[key];
        else if (Array.isArray(node)) node.push(replace);
        else entries[`${key}x`] = replace;
      });
      walk(entries[key]);
    }
  };
  walk(copy);
  places[pick % places.length]?.();
  return copy;
}

const FULL_BOTTLE = {
  extends: "base",
  env: { A: "text", B: "?Question" },
  agent_provider: {
    template: "shell",
    dockerfile: "/d/Dockerfile",
    auth_token: { command: ["op", "read"] },
    command: ["bash"],
    settings: { theme: "dark", deep: { list: [1, null] } },
  },
  "git-gate": {
    user: { name: "A", email: "a@b.example" },
    repos: {
      app: {
        url: "ssh://git@host.example/app.git",
        key: "~/.ssh/id",
        host_key: "ssh-ed25519 AAAA",
        token_ref: "env:TOKEN",
        refs: { branches: ["agent/*"], tags: ["v*"], force: false, delete: true },
      },
    },
  },
  egress: {
    log: "headers",
    routes: [
      {
        host: "*.example.com",
        ports: [443, 8443],
        matches: [
          {
            paths: [{ type: "prefix", value: "/v1/" }],
            methods: ["GET"],
            headers: [{ name: "accept", value: "x" }, { name: "y" }],
          },
        ],
        auth: { scheme: "header", name: "x-api-key", token_ref: "KEY" },
        inbound_credentials: "strip",
        git: { fetch: true },
        dlp: {
          outbound_detectors: ["known"],
          inbound_detectors: ["injection"],
          inbound_on_match: "block",
          outbound_on_match: "block",
        },
        allow_private: false,
        limits: { bytes_per_minute: 1, requests_per_minute: 2 },
      },
    ],
    limits: { connections: 1, head_timeout_ms: 2, idle_timeout_ms: 3, max_head_bytes: 4 },
  },
  supervise: false,
  resources: { cpus: 1.5, memory: "2g", pids: 64, disk: "10g", time: "30m" },
  workspace: { mode: "copy", exclude: ["dist"], include: [".env.example"] },
  backend: "local",
};

const FULL_AGENT = {
  bottle: ["dev", "gpu"],
  skills: ["review"],
  "git-gate": { user: { name: "A", email: "a@b.example" } },
  name: "x",
  description: "y",
  model: "z",
  color: "red",
  memory: "user",
  tools: ["Read"],
};

const FULL_PROVIDER = {
  title: "Aider",
  program: "/opt/aider/bin/aider",
  command: ["aider", "--yes"],
  prompt: "argument",
  headless: ["aider", "--message-file", "/dev/stdin"],
  env: { A: "b" },
  hosts: ["api.example.com"],
  credential: { variable: "KEY", scheme: "header", name: "x-api-key", placeholder: "p" },
  files: { ".aider.conf.yml": "a: b\n" },
  instructions: ".aider/prompt.md",
  skills: ".aider/skills",
};

const FULL_CONFIG = {
  backend: "local",
  extra_ca: "/ca.pem",
  upstream_proxy: "http://proxy.example:3128",
  resolve: { "a.example": "127.0.0.1:1" },
  tools: ["/opt/node"],
  registry_image: "registry:2.8.3@sha256:1",
};
