import { accessSync, constants, copyFileSync, linkSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemErrorCode } from "../../src/base/errors.ts";
import { run } from "../../src/base/process.ts";
import type { Scope } from "../../src/base/scope.ts";
import { claude } from "../../src/providers/claude.ts";
import { codex } from "../../src/providers/codex.ts";
import { findNpm } from "../../src/providers/find-npm.ts";
import { findBuild } from "../../src/providers/pinned-program.ts";
import { fetchProgram, isCached } from "../../src/providers/program-cache.ts";
import type { StubModel } from "../fixtures/model-script.ts";
import { makeStubAnthropic } from "../fixtures/stub-anthropic.ts";
import { makeStubOpenai } from "../fixtures/stub-openai.ts";
import { openHttpsOrigin, originAuthority } from "../socket/egress/harness.ts";
import { type Caller, Machine } from "./cli.ts";

/** Programs that were fetched by earlier tests; each is 170 MB and more. */
const FETCHED = resolve(import.meta.dirname, "../../.cache/programs");

/** A real agent program, and how a test tells what it does. */
export type RealAgent = {
  readonly name: "claude" | "codex";
  readonly host: string;
  /** The variable that the operator keeps the credential in */
  readonly variable: string;
  readonly credential: string;
  /** How the server gets it */
  readonly sent: { readonly name: string; readonly value: string };
  /** A path of its service at which the credential would give another one */
  readonly mint: string;
  makeStub(isKnown: Parameters<typeof makeStubAnthropic>[0]): StubModel;
};

const ANTHROPIC_KEY = "sk-ant-api03-Real0Key1For2The3Test4Only5-Zq8";
const OPENAI_KEY = ["sk-proj", "Real0Key1For2The3Test4Only5-Zq8"].join("-");

export const AGENTS: readonly RealAgent[] = [
  {
    ...{ name: "claude", host: "api.anthropic.com", variable: "MY_CLAUDE_KEY", credential: ANTHROPIC_KEY },
    sent: { name: "x-api-key", value: ANTHROPIC_KEY },
    mint: "/api/oauth/claude_cli/create_api_key",
    makeStub: makeStubAnthropic,
  },
  {
    ...{ name: "codex", host: "api.openai.com", variable: "MY_OPENAI_KEY", credential: OPENAI_KEY },
    sent: { name: "authorization", value: `Bearer ${OPENAI_KEY}` },
    mint: "/v1/realtime/client_secrets",
    makeStub: makeStubOpenai,
  },
];

/** A machine with an agent's program in its cache, a bottle for it, and a scripted server in the place of its service. */
export type AgentWorld = {
  readonly machine: Machine;
  readonly stub: StubModel;
  /** What `bottle start` needs in its environment */
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Puts a world together. The server is reached by what the home's `config.yaml` says and nothing else; it knows exactly
 * one credential.
 */
export async function openAgentWorld(agent: RealAgent, caller: Caller, scope: Scope, more = ""): Promise<AgentWorld> {
  const { host, variable, credential, sent } = agent;
  const stub = agent.makeStub((headers) => headers[sent.name] === sent.value);
  const origin = await openHttpsOrigin(scope, host, stub.handle);
  const machine = new Machine(caller);
  scope.defer("machine", () => machine.close());
  machine.write({
    "ca.pem": (await originAuthority()).certificatePem,
    "home/.bot-bottle/config.yaml": `extra_ca: ${join(machine.folder, "ca.pem")}\nresolve: {${host}: "127.0.0.1:${origin.port}"}\n`,
    "home/.bot-bottle/agents/worker.md": "---\nbottle: default\n---\nYou answer in one word.\n",
  });
  machine.bottle("default", `agent_provider: {template: ${agent.name}, auth_token: ${variable}}\n${more}`);
  machine.own(...(await putProgram(machine.cache, agent.name)));
  return { machine, stub, env: { [variable]: credential } };
}

/**
 * Puts the pinned program into a cache as a start would have done, fetching it from npm once for all tests; returns the
 * folders that are its user's.
 */
export async function putProgram(cache: string, name: RealAgent["name"]): Promise<readonly string[]> {
  const { pinned } = name === "claude" ? claude : codex;
  const build = pinned && findBuild(pinned, `${process.platform}-${process.arch}`);
  if (build === undefined) throw new Error(`no ${name} is pinned for this machine`);
  const folderName = build.package.replaceAll(/[^A-Za-z0-9.@-]/g, "_");
  const kept = join(FETCHED, folderName);
  const fetched = (await isCached(kept)) || mayKeep() ? kept : join(tmpdir(), "programs", folderName);
  if (!(await isCached(fetched))) {
    const npm = await findNpm(process.execPath);
    if (npm === undefined) throw new Error("no npm beside this Node");
    await fetchProgram(build, fetched, { run, npm, env: process.env, signal: new AbortController().signal });
  }
  const programs = join(cache, "bot-bottle/programs");
  linkTree(fetched, join(programs, folderName));
  return [join(cache, "bot-bottle"), programs];
}

/** Not for a user who runs these tests in somebody else's checkout. */
function mayKeep(): boolean {
  try {
    mkdirSync(FETCHED, { recursive: true });
    accessSync(FETCHED, constants.W_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== "EACCES" && systemErrorCode(error) !== "EROFS") throw error;
    return false;
  }
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (systemErrorCode(error) !== "EXDEV" && systemErrorCode(error) !== "EPERM") throw error;
    copyFileSync(source, target);
  }
}
