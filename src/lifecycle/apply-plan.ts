import type { Guest } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { writeAtomically } from "../base/files.ts";
import { readHolder } from "../base/holder.ts";
import { systemIds } from "../base/ids.ts";
import { makeInterrupted } from "../base/interrupted.ts";
import { Scope } from "../base/scope.ts";
import { SecretValue } from "../base/secret-value.ts";
import { type ClaimedBottle, claimSlug } from "../bottles/claim-slug.ts";
import type { BottleRecord } from "../bottles/record.ts";
import { removeState } from "../bottles/remove-state.ts";
import { writeRecord } from "../bottles/write-record.ts";
import { type Journal, openJournal } from "../journal/open-journal.ts";
import { makeRedact } from "../journal/redact.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { renderPlanJson } from "../plan/render-plan-json.ts";
import { secretsOf } from "../warden/spec.ts";
import type { CopyResult } from "../workspace/copy-workspace.ts";
import { askSecretly, canAsk } from "./ask.ts";
import { type Filled, fillGuest } from "./fill-guest.ts";
import { isQuiet } from "./is-quiet.ts";
import type { PlannedStart } from "./plan-start.ts";
import { prepareWarden } from "./prepare-warden.ts";
import { resolveEnv } from "./resolve-env.ts";
import { runCommand } from "./run-command.ts";
import { type Settled, settle } from "./settle.ts";
import { type Ending, exitCodeOf } from "./wait-for-end.ts";

/** The steps of a start, in their order. */
export const START_STEPS = ["claim", "resolve", "create", "fill", "run", "settle"] as const;

/** One step of a start. */
export type StartStep = (typeof START_STEPS)[number];

/** How a plan is applied. */
export type ApplyOptions = {
  /** The state folder stays also when nothing changed */
  readonly keep: boolean;
  /** Called as each step begins */
  readonly onStep?: (step: StartStep) => void;
  /** Called with what the operator should know about a start that goes on */
  readonly onWarning?: (text: string) => void;
};

/** What came of a bottle. */
export type StartOutcome = {
  readonly exitCode: number;
  readonly ending: Ending;
  readonly settled: Settled;
  /** Files that changed or vanished while they were copied, and stayed out */
  readonly skipped: CopyResult["skipped"];
};

/** Applies a plan from the claim of its name to the settling of its results. Whatever fails, nothing half-made is left. */
export async function applyPlan(context: Context, planned: PlannedStart, options: ApplyOptions): Promise<StartOutcome> {
  const scope = new Scope();
  try {
    return await apply(context, planned, options, scope);
  } catch (error) {
    throw context.signal.aborted ? makeInterrupted(context.signal, "nothing was left behind", error) : error;
  } finally {
    await scope.close();
  }
}

async function apply(
  context: Context,
  planned: PlannedStart,
  options: ApplyOptions,
  scope: Scope,
): Promise<StartOutcome> {
  const begin = (step: StartStep) => {
    context.signal.throwIfAborted();
    options.onStep?.(step);
  };
  const wardenRoom = loadWardenRoom(planned.plan); // while the disk is at work with the claim
  begin("claim");
  const claimed = await claim(context, planned.plan, scope);
  const plan = withSlug(planned.plan, claimed);
  const record = makeRecord(context, plan, claimed.holder);
  await writeRecord(claimed.folders.record, record);

  begin("resolve");
  const prepared = await prepareWarden(context, plan);
  for (const warning of prepared?.warnings ?? []) options.onWarning?.(warning);
  const ask = canAsk(context) ? (question: string) => askSecretly(context, question) : undefined;
  const env = await resolveEnv(plan.env, context.env, ask);
  const hidden = [...env.values()].filter((value) => value instanceof SecretValue);
  const secrets = prepared === undefined ? hidden : secretsOf({ egress: prepared.egress, hidden });
  const redact = makeRedact(secrets);
  // Only now: the command's arguments may hold what `env` takes from the shell.
  await writeAtomically(claimed.folders.plan, renderPlanJson(redact(plan)));
  const journal = await openJournal(
    { path: claimed.folders.journal, slug: plan.slug, clock: context.clock, redact },
    scope,
  );
  await journalStart(journal, plan);
  const room = await wardenRoom;
  const warden =
    prepared &&
    (await room?.openWarden({ spec: { slug: plan.slug, ...prepared }, journal, clock: context.clock }, scope));

  begin("create");
  const { folders } = claimed;
  let filled: Filled;
  const guest = await planned.backend.create(
    {
      slug: plan.slug,
      layout: plan.guest,
      homeFolder: folders.home,
      workspace: guestWorkspace(plan, folders.workspace),
      fill: async (owner, signal) => {
        options.onStep?.("fill");
        filled = await fillGuest(context, { plan, survey: planned.survey, folders, owner, signal });
      },
      scratch: folders.scratch,
      limits: plan.limits,
      tools: plan.tools,
      ...(warden === undefined ? {} : { link: warden.services, files: warden.trust.files }),
    },
    scope,
  );
  warden?.serve(guest.listeners);

  begin("run");
  await writeRecord(folders.record, { ...record, status: "running" });
  await journal.write({ kind: "running", owner: guest.owner.uid });
  const started = context.clock.now().getTime();
  const ending = await runInside(context, plan, guest, new Map([...(warden?.trust.env ?? []), ...env]));
  const ms = context.clock.now().getTime() - started;
  await journal.write(endingEvent(ending, ms));

  options.onStep?.("settle");
  await guest.stop();
  await warden?.close();
  const exitCode = exitCodeOf(ending);
  const settled = await settle(context, {
    record,
    journal,
    folders,
    baseline: filled?.baseline,
    exitCode,
    keep: options.keep,
  });
  if (settled.kept) claimed.keep();
  return { exitCode, ending, settled, skipped: filled?.skipped ?? [] };
}

/** Starts to load what a bottle without routes never needs; a failure is told where it is used. */
function loadWardenRoom({ egress }: BottlePlan): Promise<typeof import("../warden/serve.ts")> | undefined {
  if (egress.routes.length === 0) return undefined;
  const room = import("../warden/serve.ts");
  room.catch(() => {});
  return room;
}

type Held = ClaimedBottle & { readonly holder: BottleRecord["holder"]; keep(): void };

/** Takes the name; unless somebody says `keep`, everything under it is removed with the scope. */
async function claim(context: Context, plan: BottlePlan, scope: Scope): Promise<Held> {
  const holder = await readHolder(context.pid);
  const base = plan.label ?? plan.bottle.names.join("-");
  const claimed = await claimSlug({
    state: context.paths.state,
    base,
    wanted: plan.slug,
    label: plan.label,
    ids: systemIds,
    holder,
  });
  let kept = false;
  scope.defer(`remove ${claimed.folders.root}`, async () => {
    if (!kept) await removeState(claimed.folders.root, { uid: context.uid, ids: systemIds, isQuiet });
  });
  scope.defer("give the label back", () => claimed.releaseLabel());
  return {
    ...claimed,
    holder,
    keep: () => {
      kept = true;
    },
  };
}

function withSlug(plan: BottlePlan, { slug }: ClaimedBottle): BottlePlan {
  return slug === plan.slug ? plan : Object.freeze({ ...plan, slug, guest: { ...plan.guest, hostname: slug } });
}

function makeRecord(context: Context, plan: BottlePlan, holder: BottleRecord["holder"]): BottleRecord {
  return {
    version: 1,
    slug: plan.slug,
    label: plan.label,
    bottle: plan.bottle.names.join(" + "),
    agent: plan.agent?.name,
    backend: plan.backend.name,
    source: plan.workspace.mode === "none" ? undefined : plan.workspace.source,
    status: "starting",
    holder,
    startedAt: context.clock.now().toISOString(),
    endedAt: undefined,
    exitCode: undefined,
    results: undefined,
    journal: undefined,
  };
}

async function journalStart(journal: Journal, plan: BottlePlan): Promise<void> {
  const { slug, bottle, backend, command, workspace } = plan;
  await journal.write({
    kind: "start",
    slug,
    bottle: bottle.names.join(" + "),
    backend: backend.name,
    argv: command.argv,
  });
  if (workspace.mode !== "copy" || workspace.leftOut.length === 0) return;
  const paths = workspace.leftOut.slice(0, 100).map(({ path }) => path);
  await journal.write({ kind: "left-out", paths, total: workspace.leftOut.length });
}

function guestWorkspace(plan: BottlePlan, folder: string) {
  const { workspace } = plan;
  switch (workspace.mode) {
    case "copy":
      return { kind: "folder", path: folder } as const;
    case "mount":
      return { kind: "mount", path: workspace.source, owner: workspace.owner } as const;
    case "none":
      return { kind: "none" } as const;
  }
}

async function runInside(
  context: Context,
  plan: BottlePlan,
  guest: Guest,
  env: ReadonlyMap<string, string | SecretValue>,
): Promise<Ending> {
  const { command, guest: layout, workspace } = plan;
  const { columns = 80, rows = 24 } = context.stdout;
  const inside = workspace.mode === "none" ? layout.home : layout.workspace;
  const cwd = workspace.mode === "copy" && workspace.subfolder !== "" ? `${inside}/${workspace.subfolder}` : inside;
  const terminal = command.interactive ? { columns, rows, term: context.env["TERM"] ?? "xterm-256color" } : undefined;
  return runCommand(context, guest, { argv: command.argv, env, cwd, terminal }, plan.limits.timeMs);
}

function endingEvent({ exit, by }: Ending, ms: number) {
  if (by === "timeout") return { kind: "timeout", ms } as const;
  const code = exit.kind === "code" ? exit.code : undefined;
  return { kind: "exit", code, signal: exit.kind === "signal" ? exit.signal : undefined, ms } as const;
}
