import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePaths } from "../base/paths.ts";
import { listManifests } from "./list-manifests.ts";
import { renderProblems } from "./render-problems.ts";

const SECRET = "hunter2hunter2";

test.each([
  `agent_provider: {auth_token: sk-${SECRET}}`,
  `agent_provider:\n  auth_token: [${SECRET}]`,
  `agent_provider:\n  auth_tokn: ${SECRET}`,
  `agent_provider:\n  auth_token: {env: a b ${SECRET}}`,
  `agent_provider: ${SECRET}`,
  `auth_token: ${SECRET}`,
  `env:\n  LD_PRELOAD: ${SECRET}`,
  `env:\n  A: ${SECRET}\n  A: ${SECRET}`,
  `env:\n  A: "\${B}${SECRET}"`,
  `env:\n  A: "\\0${SECRET}"`,
  `env:\n  A: [${SECRET}]`,
  `env:\n  A: '${SECRET}`,
  `env:\n  A: "x" ${SECRET}`,
  `env:\n  A: ${SECRET}: x`,
  `env:\n  A: &a ${SECRET}\n  B: *a`,
  `env:\n  A: !x ${SECRET}`,
  `env:\n\tA: ${SECRET}`,
  `env: ${SECRET}`,
  `git-gate: {repos: {a: {url: "https://ada:${SECRET}@host/path"}}}`,
  `git-gate: {repos: {a: {url: "https://${SECRET}@host/path"}}}`,
  `git-gate: {repos: {a: {url: "ftp://ada:${SECRET}@host/path"}}}`,
  `git-gate: {repos: {a: {url: "git@host:path", token_ref: ${SECRET}-}}}`,
  `egress: {routes: [{host: a.example, auth: {scheme: Bearer, token_ref: "${SECRET}-"}}]}`,
  `egress: {routes: [{host: a.example, auth: {scheme: Bearer, token: ${SECRET}}}]}`,
  `egress: {routes: [{host: a.example, auth: {scheme: bearer, token_ref: ${SECRET}}}]}`,
  `egress: {routes: [{host: a.example, auth: {token_ref: ${SECRET}, scheme: bearer}}]}`,
  `{env: {A: ${SECRET}}, backend: dokcer}`,
  `{backend: dokcer, env: {A: ${SECRET}}}`,
])("a secret written by mistake is not repeated: %j", async (yaml) => {
  const home = await mkdtemp(join(tmpdir(), "secret-"));
  try {
    await mkdir(join(home, "bottles"));
    await writeFile(join(home, "bottles/dev.md"), `---\n${yaml}\n---\n`);
    const paths = makePaths({ BOT_BOTTLE_HOME: home }, "/home/ada");
    const { problems, texts } = await listManifests({ paths, userHome: "/home/ada", repository: undefined });
    const rendered = renderProblems(problems, texts);
    expect(rendered).toContain("manifest/");
    expect(rendered).not.toContain("hunter2");
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  } finally {
    await rm(home, { recursive: true });
  }
});
