import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Run, run } from "../base/process.ts";
import type { Route, SecretRef } from "../manifest/bottle.ts";
import { resolveCredentials } from "./resolve-credentials.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "credentials-"));
});
afterEach(() => rm(folder, { recursive: true }));

function makeRoute(host: string, tokenRef?: SecretRef): Route {
  return {
    host,
    ports: [443],
    matches: [],
    auth: tokenRef && { scheme: "Bearer", tokenRef },
    inboundCredentials: "strip",
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: "dev.md", line: 1 },
  };
}

const env = { TOKEN: "planted-by-env", PATH: "/usr/bin:/bin" };

test("each route gets its own credential, and each source is asked once", async () => {
  const file = join(folder, "token");
  await writeFile(file, "planted-in-file\n");
  await chmod(file, 0o644);
  let runs = 0;
  const counting: Run = (argv, options) => {
    runs++;
    return run(argv, options);
  };
  const command: SecretRef = { kind: "command", argv: ["printf", "planted-by-command"] };
  const routes = [
    makeRoute("a.example", { kind: "env", variable: "TOKEN" }),
    makeRoute("b.example"),
    makeRoute("c.example", command),
    makeRoute("d.example", command),
    makeRoute("e.example", { kind: "file", path: file }),
  ];
  const resolved = await resolveCredentials(routes, { env, userHome: "/", run: counting, ask: undefined });
  expect(resolved.routes.map(({ route, credential }) => [route.host, credential?.expose("test")])).toEqual([
    ["a.example", "planted-by-env"],
    ["b.example", undefined],
    ["c.example", "planted-by-command"],
    ["d.example", "planted-by-command"],
    ["e.example", "planted-in-file"],
  ]);
  expect(runs).toBe(1);
  expect(resolved.warnings).toEqual([expect.stringContaining(`chmod 600 ${file}`)]);
  expect(JSON.stringify(resolved)).not.toMatch(/planted-by-env|planted-in-file/);
});

test("everything that is missing is told at once, and each only once", async () => {
  const missing: SecretRef = { kind: "file", path: join(folder, "nothing") };
  const routes = [
    makeRoute("a.example", { kind: "env", variable: "NOT_SET" }),
    makeRoute("b.example", missing),
    makeRoute("c.example", missing),
    makeRoute("d.example", { kind: "env", variable: "TOKEN" }),
  ];
  const error: unknown = await resolveCredentials(routes, { env, userHome: "/", run, ask: undefined }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({ code: "secret/missing", hint: expect.any(String) });
  expect(String(error).match(/NOT_SET is missing/g)).toHaveLength(1);
  expect(String(error).match(/nothing is missing/g)).toHaveLength(1);
  expect(String(error)).not.toContain("planted");
});
