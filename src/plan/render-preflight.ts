import { cutToWidth, displayWidth } from "../base/display-width.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import { renderArgv } from "../base/render-argv.ts";
import type { Style, Tone } from "../base/style.ts";
import type { EnvEntry, GitRepo, Route } from "../manifest/bottle.ts";
import type { BottlePlan, FirstKey, LeftOut, PlannedLimits, PlannedWorkspace } from "./plan.ts";
import type { PlannedProvider } from "./planned-provider.ts";
import { renderBytes, renderMemory, renderSpan } from "./render-amount.ts";
import { renderRoute } from "./render-route.ts";
import { renderSecretRef } from "./render-secret-ref.ts";
import { wrapText } from "./wrap-text.ts";

/** How a preflight is shown. */
export type PreflightView = { readonly style: Style; readonly columns?: number | undefined };

type Row = { readonly heading: string; readonly lines: readonly Line[] };
type Line = { readonly text: string; readonly tone?: Tone };

const HEADING_WIDTH = 11;
const LONGEST_VALUE = 32;
const LEFT_OUT_SHOWN = 4;

/** The plan as the operator reads it before saying yes: what goes in, what may go out, what holds it, what to beware of. */
export function renderPreflight(plan: BottlePlan, { style, columns = 80 }: PreflightView): string {
  const width = Math.max(40, Math.min(columns, 100)) - HEADING_WIDTH;
  const lines = makeRows(plan).flatMap(({ heading, lines: texts }) =>
    texts
      .flatMap(({ text, tone }) => wrapText(showHarmlessly(text), width).map((part) => ({ text: part, tone })))
      .map(({ text, tone }, index) => {
        const label = index === 0 ? heading : "";
        const padding = " ".repeat(HEADING_WIDTH - displayWidth(label));
        return `${style("faint", label)}${padding}${style(tone ?? "plain", text)}`.trimEnd();
      }),
  );
  return `${lines.join("\n")}\n`;
}

function makeRows(plan: BottlePlan): readonly Row[] {
  const { agent, bottle, backend, command, git, provider } = plan;
  const label = plan.label === undefined ? "" : `, labelled ${plan.label}`;
  const ending = command.interactive ? "(interactive)" : "(headless)";
  const asked = backend.because === undefined ? "" : ` (asked for by ${backend.because})`;
  const rows: readonly (Row | undefined)[] = [
    row("bottle", { text: `${plan.slug}, from ${bottle.names.join(" + ")}${label}`, tone: "strong" }),
    agent && row("agent", `${agent.name}, from ${agent.origin === "home" ? "home" : "this repository"}: ${agent.file}`),
    row("command", { text: `${renderArgv(command.argv)}  ${ending}`, tone: "name" }),
    provider && row("program", ...providerLines(provider)),
    row("backend", `${backend.name}${asked}, ${backend.strength}`),
    plan.image && row("image", `${plan.image.tag}, built from ${plan.image.dockerfile}${handedOver(plan.image)}`),
    row("workspace", ...workspaceLines(plan.workspace)),
    row("env", ...envLines(plan.env)),
    agent && row("skills", agent.skills.length === 0 ? "none" : agent.skills.join(", ")),
    row("git", ...gitLines(git, plan.slug)),
    row("network", ...networkLines(plan)),
    row("limits", ...limitLines(plan.limits)),
    plan.tools.length === 0 ? undefined : row("tools", ...plan.tools.map((folder) => `${folder}, read-only`)),
    plan.off.length === 0
      ? undefined
      : row("off", { text: `${plan.off.map(nameOf).join(", ")} (not in this version)`, tone: "faint" }),
    plan.warnings.length === 0 ? undefined : row("beware", ...plan.warnings.map(warning)),
  ];
  return rows.filter((candidate) => candidate !== undefined);
}

function row(heading: string, ...lines: readonly (Line | string)[]): Row {
  return { heading, lines: lines.map((line) => (typeof line === "string" ? { text: line } : line)) };
}

/** The feature of `egress: no host can be reached`; what follows from it, the rows of git and network say. */
function nameOf(feature: string): string {
  return feature.split(":", 1).join();
}

function warning(text: string): Line {
  return { text, tone: "careful" };
}

function providerLines({ title, program, credential, hosts }: PlannedProvider): readonly Line[] {
  const secret: readonly Line[] =
    credential === undefined
      ? []
      : [{ text: `its credential, ${renderSecretRef(credential)}, is added outside and only for ${hosts.join(", ")}` }];
  return [{ text: `${title} ${renderProgram(program)}` }, ...secret];
}

function renderProgram(program: PlannedProvider["program"]): string {
  switch (program.kind) {
    case "pinned":
      return `${program.version} from npm${program.fetches === 0 ? "" : `, fetched now: about ${renderBytes(program.fetches)}`}`;
    case "installed":
      return `as installed: ${program.file}`;
    case "inside":
      return "as it is inside";
  }
}

function networkLines({ egress, provider, observe }: BottlePlan): readonly string[] {
  const own = provider?.hosts.map((host) => `${host} [auth:${provider.name}]`) ?? [];
  const written = egress.routes.filter(({ at }) => at.preset === undefined);
  const lines = [...own, ...written.map(renderRoute), ...presetLines(egress.routes)];
  const reached = lines.length === 0 ? ["none at all"] : lines;
  return observe ? [...reached, "what is refused is recorded for `bottle learn`"] : reached;
}

/** One line for all hosts of a preset: what may be asked of them is what presets are. */
function presetLines(routes: readonly Route[]): readonly string[] {
  const hosts = new Map<string, string[]>();
  for (const { at, host } of routes)
    if (at.preset !== undefined) hosts.set(at.preset, [...(hosts.get(at.preset) ?? []), host]);
  return [...hosts].map(([preset, names]) => `preset ${preset}, read only: ${names.join(", ")}`);
}

function envLines(env: readonly EnvEntry[]): readonly (Line | string)[] {
  if (env.length === 0) return ["none"];
  const width = Math.max(...env.map(({ name }) => displayWidth(name)));
  const lines = env.map(
    (entry) => `${entry.name}${" ".repeat(width - displayWidth(entry.name))} ${renderValue(entry)}`,
  );
  return [...lines, { text: "the agent can read these values", tone: "faint" }];
}

function renderValue(entry: EnvEntry): string {
  switch (entry.kind) {
    case "literal":
      return `= "${cutToWidth(showHarmlessly(entry.value), LONGEST_VALUE)}"`;
    case "host":
      return `= value of the host's ${entry.variable}`;
    case "prompt":
      return `= asked for: ${entry.question}`;
  }
}

function gitLines({ user, remotes, firstKeys }: BottlePlan["git"], slug: string): readonly (Line | string)[] {
  const who = `commits as ${user.name} <${user.email}>`;
  return remotes.length === 0
    ? [`${who}; no remotes`]
    : [who, ...remotes.map((remote) => renderRemote(remote, slug)), ...firstKeys.map(renderFirstKey)];
}

function renderFirstKey({ remote, server, shown }: FirstKey): Line {
  return warning(
    shown === undefined
      ? `${remote}: the key of ${server} is not pinned; it is asked for at the start`
      : `${remote}: ${server} shows its key for the first time: ${shown.fingerprint}; yes accepts it for good`,
  );
}

function renderRemote({ name, url, key, tokenRef, refs, runFiles }: GitRepo, slug: string): string {
  const isSsh = !url.startsWith("https://") && !url.startsWith("file://");
  const access = key === undefined && tokenRef === undefined ? (isSsh ? " [auth: ssh-agent]" : "") : " [auth]";
  const branches = [`bottle/${slug}/*`, ...(refs?.branches ?? [])].join(", ");
  const tags = refs === undefined || refs.tags.length === 0 ? "" : `, tags ${refs.tags.join(", ")}`;
  const more = [refs?.force === true ? "force" : [], refs?.delete === true ? "delete" : []].flat();
  const also = more.length === 0 ? "" : ` [${more.join(", ")}]`;
  const held = { report: "", hold: ", workflows held", refuse: ", no workflows" }[runFiles];
  return `${name}: ${url.replace(/\/\/[^/@]*@/, "//")}${access}, pushes to ${branches}${tags}${also}${held}`;
}

function limitLines(limits: PlannedLimits): readonly (Line | string)[] {
  const { pids, cpus, memoryBytes, timeMs, heldBy, why } = limits;
  const time = timeMs === undefined ? "no time limit" : `ended after ${renderSpan(timeMs)}`;
  const first = heldBy === "machine" ? `processes are not counted, ${time}` : `${pids} processes, ${time}`;
  if (heldBy === "nothing") {
    return [first, warning(`memory and cpus not limited: ${why ?? "nothing here can hold them"}`)];
  }
  if (heldBy === "machine") {
    const size = memoryBytes === undefined ? "usual memory" : `${renderMemory(memoryBytes)} of memory`;
    return [
      `${first}; the machine has ${size} and ${cpus === undefined ? "the usual cpus" : renderCpus(Math.max(1, Math.ceil(cpus)))}`,
    ];
  }
  const memory = memoryBytes === undefined ? "memory not limited" : `${renderMemory(memoryBytes)} of memory`;
  return [`${first}, ${memory}, ${renderCpus(cpus)}`];
}

function renderCpus(cpus: number | undefined): string {
  if (cpus === undefined) return "all cpus";
  return `${cpus} ${cpus === 1 ? "cpu" : "cpus"}`;
}

function workspaceLines(workspace: PlannedWorkspace): readonly (Line | string)[] {
  switch (workspace.mode) {
    case "none":
      return ["none: the command starts in an empty folder"];
    case "mount":
      return [warning(`the folder itself: ${workspace.source}`)];
    case "copy": {
      const { source, kind, branch, files, bytes, subfolder, leftOut } = workspace;
      const repository = kind === "git" ? `repository${branch === undefined ? "" : ` on branch ${branch}`}, ` : "";
      return [
        `a copy of ${source}: ${repository}${files} ${files === 1 ? "file" : "files"}, ${renderBytes(bytes)}`,
        ...(subfolder === "" ? [] : [`the command starts in ${subfolder}`]),
        ...leftOutLines(leftOut),
      ];
    }
  }
}

const WHY_LEFT_OUT: Readonly<Record<LeftOut["why"], string>> = {
  "looks-like-secret": "looks like a secret",
  excluded: "excluded",
  "special-file": "no ordinary file",
  "link-out": "links to the outside",
  unreadable: "cannot be read",
  "nested-repository": "a repository of its own",
  "own-settings": "belongs to this program",
};

function leftOutLines(leftOut: readonly LeftOut[]): readonly Line[] {
  if (leftOut.length === 0) return [];
  const shown = leftOut.slice(0, LEFT_OUT_SHOWN).map(({ path, why }) => `${path} (${WHY_LEFT_OUT[why]})`);
  const more = leftOut.length - shown.length;
  return [warning(`${leftOut.length} left out: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`)];
}

/** The automatic way is not worth a word. */
function handedOver({ handOver }: NonNullable<BottlePlan["image"]>): string {
  return handOver === undefined || handOver.kind === "archive" ? "" : `, handed over by ${handOver.kind}`;
}
