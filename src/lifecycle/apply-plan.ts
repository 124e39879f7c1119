import type { Backend, Guest, GuestCommand, GuestSpec } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { writeAtomically } from "../base/files.ts";
import { makeInterrupted } from "../base/interrupted.ts";
import { run } from "../base/process.ts";
import { Scope } from "../base/scope.ts";
import { SecretValue } from "../base/secret-value.ts";
import { writeRecord } from "../bottles/write-record.ts";
import type { EgressTotals } from "../egress/open-egress.ts";
import { type Journal, openJournal } from "../journal/open-journal.ts";
import { makeRedact } from "../journal/redact.ts";
import { hasWayOut } from "../plan/has-way-out.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { renderPlanJson } from "../plan/render-plan-json.ts";
import { secretsOf } from "../warden/spec.ts";
import type { CopyResult } from "../workspace/copy-workspace.ts";
import { askSecretly, canAsk } from "./ask.ts";
import { makeCanary } from "./canary.ts";
import { claimBottle, makeRecord, withSlug } from "./claim-bottle.ts";
import { type Filled, fillGuest } from "./fill-guest.ts";
import { rememberHostKeys } from "./host-keys.ts";
import { openNotices } from "./notices.ts";
import type { PlannedStart } from "./plan-start.ts";
import { prepareImage } from "./prepare-image.ts";
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
  /** The plan as it was applied */
  readonly plan: BottlePlan;
  readonly exitCode: number;
  readonly ending: Ending;
  /** How long the command ran, `ms` */
  readonly ms: number;
  /** What went out; undefined for a bottle without a way out */
  readonly totals: EgressTotals | undefined;
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
  const { program } = planned;
  const needs = { env: context.env, userHome: context.userHome, run, ask: undefined, signal: context.signal };
  const agentRoom = program && (await import("./prepare-agent.ts")); // nothing of it is loaded for a shell
  // before anything is claimed: without a credential nothing is made, and the program may take minutes
  const agent = program && (await agentRoom?.prepareAgent(planned.plan, program, needs));
  if (program !== undefined) {
    const { ensureProgram } = await import("./ensure-program.ts");
    await ensureProgram(context, planned.plan, program.provider);
  }
  await rememberHostKeys(context.paths.home, planned.plan.git.firstKeys);
  const wardenRoom = loadWardenRoom(planned.plan); // while the disk is at work with the claim
  begin("claim");
  const claimed = await claimBottle(context, planned.plan, scope);
  const plan = withSlug(planned.plan, claimed);
  const record = makeRecord(context, plan, claimed.holder);
  await writeRecord(claimed.folders.record, record);

  const image = chooseImage(context, planned.backend, plan); // built while secrets are resolved and the warden starts
  image.catch(() => {}); // told where it is waited for
  begin("resolve");
  const prepared = await prepareWarden(context, plan, agent?.routes ?? [], claimed.folders.git);
  for (const warning of [...(agent?.warnings ?? []), ...(prepared?.warnings ?? [])]) options.onWarning?.(warning);
  const ask = canAsk(context) ? (question: string) => askSecretly(context, question) : undefined;
  const env = await resolveEnv(plan.env, context.env, ask);
  const canary = prepared && makeCanary();
  const given = [...env.values()].filter((value) => value instanceof SecretValue);
  const hidden = canary === undefined ? given : [...given, canary.secret];
  const secrets = prepared === undefined ? hidden : secretsOf({ ...prepared, hidden });
  const redact = makeRedact(secrets);
  // Only now: the command's arguments may hold what `env` takes from the shell.
  await writeAtomically(claimed.folders.plan, renderPlanJson(redact(plan)));
  const journal = await openJournal(
    { path: claimed.folders.journal, slug: plan.slug, clock: context.clock, redact },
    scope,
  );
  await journalStart(journal, plan);
  const room = await wardenRoom;
  const notices = openNotices(context, plan, program?.provider.optionalHosts ?? []);
  scope.defer("give the terminal its title back", () => notices.close());
  const { clock } = context;
  const { onEvent } = notices;
  const { holder, folders } = claimed;
  const own = { slug: plan.slug, control: folders.control, attended: plan.command.interactive, hidden };
  const spec = prepared && { ...own, ...prepared };
  const warden = spec && (await room?.openWarden({ spec, journal, clock, holder, onEvent }, scope));
  begin("create");
  let filled: Filled;
  let tried: Promise<string | undefined> | undefined;
  const guest = await planned.backend.create(
    {
      slug: plan.slug,
      ...(await image),
      first: { terminal: commandTerminal(context, plan) },
      layout: plan.guest,
      homeFolder: folders.home,
      workspace: guestWorkspace(plan, folders.workspace),
      fill: async (owner, signal) => {
        options.onStep?.("fill");
        // it keeps this process busy, while others are at work on the guest
        tried = warden && program && agentRoom?.tryCredential(program.provider, warden);
        tried?.catch(() => {}); // told where it is waited for
        const files = [...(agent?.files ?? []), ...(canary?.files ?? [])];
        filled = await fillGuest(context, { plan, survey: planned.survey, files, folders, owner, signal });
      },
      scratch: folders.scratch,
      limits: plan.limits,
      tools: plan.tools,
      ...guestProgram(plan),
      ...(warden === undefined ? {} : { link: warden.services, files: warden.trust.files }),
    },
    scope,
  );
  const warning = await tried;
  if (warning !== undefined) options.onWarning?.(warning);
  warden?.serve(guest.listeners);

  begin("run");
  await writeRecord(folders.record, { ...record, status: "running" });
  await journal.write({ kind: "running", owner: guest.owner.uid });
  const started = context.clock.now().getTime();
  const ending = await runInside(
    context,
    plan,
    guest,
    journal,
    new Map([...(warden?.trust.env ?? []), ...(agent?.env ?? []), ...env]),
  );
  const ms = context.clock.now().getTime() - started;
  await journal.write(endingEvent(ending, ms));
  const why = wasKilled(ending) ? await guest.explainKill?.() : undefined;
  if (why !== undefined) options.onWarning?.(`the command was killed: ${why}`);

  options.onStep?.("settle");
  try {
    await guest.stop();
    const closed = warden?.close();
    await closed?.catch(() => {}); // told below: the results come first
    await guest.collect();
    await closed;
  } catch (error) {
    claimed.keep(); // what the agent made is here, or still in the guest, and nowhere else
    throw error;
  }
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
  return { plan, exitCode, ending, ms, settled, skipped: filled?.skipped ?? [], totals: warden?.stats() };
}

/** Starts to load what a bottle without routes never needs; a failure is told where it is used. */
function loadWardenRoom(plan: BottlePlan): Promise<typeof import("../warden/serve.ts")> | undefined {
  if (!hasWayOut(plan) && plan.git.remotes.length === 0) return undefined;
  const room = import("../warden/serve.ts");
  room.catch(() => {});
  return room;
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

/** The agent's program as a guest gets it. */
function guestProgram({ provider }: BottlePlan): Pick<GuestSpec, "program"> {
  if (provider === undefined || provider.program.kind === "inside") return {};
  const { command: name, program } = provider;
  if (program.kind === "pinned") return { program: { kind: "folder", name, path: program.folder } };
  const { file, folder } = program;
  return {
    program: folder === undefined ? { kind: "file", name, path: file } : { kind: "folder", name, path: folder },
  };
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
  journal: Journal,
  env: ReadonlyMap<string, string | SecretValue>,
): Promise<Ending> {
  const { command, guest: layout, workspace } = plan;
  const inside = workspace.mode === "none" ? layout.home : layout.workspace;
  const cwd = workspace.mode === "copy" && workspace.subfolder !== "" ? `${inside}/${workspace.subfolder}` : inside;
  const { argv, input } = command;
  const terminal = commandTerminal(context, plan);
  return runCommand(
    context,
    guest,
    { argv, env, cwd, terminal },
    { input, timeMs: plan.limits.timeMs, home: layout.home, journal },
  );
}

function commandTerminal({ stdout, env }: Context, { command }: BottlePlan): GuestCommand["terminal"] {
  const { columns = 80, rows = 24 } = stdout;
  return command.interactive ? { columns, rows, term: env["TERM"] ?? "xterm-256color" } : undefined;
}

/** What the guest is made from: already what is expected, where the builder only has to confirm it. */
async function chooseImage(
  context: Context,
  backend: Backend,
  { image }: BottlePlan,
): Promise<Pick<GuestSpec, "image" | "prepare">> {
  const expected = image && (await backend.expect?.({ ...image, args: {} }));
  if (expected === undefined) return prepareImage(context, backend, image);
  return { image: expected.image, prepare: () => prepareImage(context, backend, image) };
}

/** By nobody that this program knows of. */
function wasKilled({ exit, by }: Ending): boolean {
  return by === "itself" && exit.kind === "signal" && exit.signal === "SIGKILL";
}

function endingEvent({ exit, by }: Ending, ms: number) {
  if (by === "timeout") return { kind: "timeout", ms } as const;
  const code = exit.kind === "code" ? exit.code : undefined;
  return { kind: "exit", code, signal: exit.kind === "signal" ? exit.signal : undefined, ms } as const;
}
