import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { Context } from "../../base/context.ts";
import { BottleError } from "../../base/errors.ts";
import { makeFolder } from "../../base/files.ts";
import { writeOwnedFile } from "../../base/owned-files.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import { makePaths } from "../../base/paths.ts";
import { Scope } from "../../base/scope.ts";
import { makeBottleFolders } from "../../bottles/bottle-folders.ts";
import { type JournalItem, parseEntry } from "../../journal/parse-entry.ts";
import { readJournal } from "../../journal/read-journal.ts";
import type { BottlePlan } from "../../plan/plan.ts";
import { applyPlan } from "../apply-plan.ts";
import { planStart } from "../plan-start.ts";
import { type Attempt, makeAttempts, renderAgent } from "./attempts.ts";
import { openHostService } from "./host-port.ts";
import { DEMO_HOST, type DemoOrigin, openDemoOrigin } from "./origin.ts";
import { buildStage, DEMO_VARIABLES, type DemoStage } from "./stage.ts";

/** What became of one attempt. */
export type DemoResult = {
  readonly attempt: Attempt;
  /** Whether it worked, as the agent tells; undefined when the agent never told */
  readonly worked: boolean | undefined;
  /** What the agent got, or why not: text from inside a bottle */
  readonly got: string;
  /** Whether the bottle did what it owes */
  readonly held: boolean;
};

/** Everything the demo shows. */
export type DemoReport = {
  readonly plan: BottlePlan;
  readonly results: readonly DemoResult[];
  readonly journal: readonly JournalItem[];
  /** From the start of the bottle to its end, `ms` */
  readonly ms: number;
};

const BOTTLE = `---
workspace:
  mode: copy
resources:
  time: 60s
egress:
  routes:
    - host: ${DEMO_HOST}
      auth: {scheme: Bearer, token_ref: DEMO_KEY}
---
The bottle of the demo.
`;

/** Runs a scripted agent that tries to misbehave, in a real bottle around a small repository; nothing of it stays. */
export async function runDemo(context: Context): Promise<DemoReport> {
  const scope = new Scope();
  try {
    const stage = await buildStage(scope, context.env);
    const attempts = makeAttempts({ hostHome: stage.home, hostPort: await openHostService(scope) });
    await writeOwnedFile(join(stage.project, "agent.mjs"), renderAgent(attempts), undefined);
    const output = new PassThrough();
    const printed = text(output);
    const origin = await openDemoOrigin(DEMO_VARIABLES.DEMO_KEY, context.clock, scope);
    const inside = await makeDemoContext(context, stage, origin, output);
    const planned = await planStart(inside, REQUEST);
    if (planned.kind === "refused") throw planned.errors[0] ?? new Error("the manifest of the demo has problems");
    const begin = context.clock.now().getTime();
    await applyPlan(inside, planned, { keep: true });
    const ms = context.clock.now().getTime() - begin;
    output.end();
    const results = judge(attempts, stage, parseResults(await printed), origin.calls());
    const lines = await readJournal(makeBottleFolders(inside.paths.state, planned.plan.slug).journal);
    return { plan: planned.plan, results, journal: (lines ?? []).map(parseEntry), ms };
  } finally {
    await scope.close();
  }
}

const REQUEST = {
  ...{ agent: undefined, bottles: ["demo"], argv: ["node", "agent.mjs"], headless: true, yes: true, dryRun: false },
  ...{
    json: false,
    prompt: undefined,
    label: undefined,
    color: undefined,
    backend: undefined,
    workspace: undefined,
    large: false,
    observe: false,
    handOver: undefined,
  },
} as const;

/** The made-up operator: own home, own shell with a secret in it, same machine. */
async function makeDemoContext(
  context: Context,
  stage: DemoStage,
  origin: DemoOrigin,
  output: PassThrough,
): Promise<Context> {
  const paths = { ...makePaths({}, stage.home), cache: context.paths.cache };
  await makeFolder(paths.home);
  await makeFolder(paths.bottles);
  await writeOwnedFile(join(paths.bottles, "demo.md"), BOTTLE, undefined);
  const authority = join(paths.home, "origin.pem");
  await writeOwnedFile(authority, origin.authorityPem, undefined);
  const config = `extra_ca: ${JSON.stringify(authority)}\nresolve: {${DEMO_HOST}: "127.0.0.1:${origin.port}"}\n`;
  await writeOwnedFile(paths.config, config, undefined);
  const stdin = new PassThrough();
  stdin.end();
  const env = { PATH: context.env["PATH"], ...DEMO_VARIABLES };
  return { ...context, stdin, stdout: output, env, cwd: stage.project, userHome: stage.home, paths };
}

type Told = { readonly worked: boolean; readonly got: string };

function parseResults(printed: string): ReadonlyMap<string, Told> {
  const told = new Map<string, Told>();
  for (const line of printed.split("\n")) {
    const { id, worked, got } = parseJsonObject(line) ?? {};
    if (typeof id === "string" && typeof worked === "boolean") told.set(id, { worked, got: String(got) });
  }
  if (told.size > 0) return told;
  throw new BottleError("launch/failed", "the agent of the demo said nothing", { hint: "run `bottle doctor`" });
}

/** What an agent says proves nothing good: silence counts as a failure, and so does a secret in its words. */
function judge(
  attempts: readonly Attempt[],
  stage: DemoStage,
  told: ReadonlyMap<string, Told>,
  calls: number,
): readonly DemoResult[] {
  return attempts.map((attempt) => {
    const result = told.get(attempt.id);
    if (result === undefined) return { attempt, worked: undefined, got: "the agent said nothing", held: false };
    const leaked = stage.secrets.some((secret) => result.got.includes(secret));
    // The service itself must have seen the key, once: the agent's word is not enough.
    const seen = attempt.id !== "api" || calls === 1;
    const held = result.worked === (attempt.owed === "works") && !leaked && seen;
    return { attempt, worked: result.worked, got: result.got, held };
  });
}
