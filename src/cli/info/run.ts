import { BottleError } from "../../base/errors.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { findUpwards } from "../../base/find-upwards.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle, type Style } from "../../base/style.ts";
import type { Agent, Bottle } from "../../manifest/bottle.ts";
import { listManifests, type ManifestList } from "../../manifest/list-manifests.ts";
import type { CommandContext } from "../context.ts";
import { printProblems } from "../print-problems.ts";
import type { InfoFlags } from "./command.ts";

/** Prints what is defined, or one bottle or agent with every default filled in. */
export async function runInfo(context: CommandContext, flags: InfoFlags, name?: string): Promise<number> {
  const { paths, userHome, cwd } = context;
  const list = await listManifests({ paths, userHome, repository: await findUpwards(cwd, ".git") });
  const style = makeStyle(context.stdout, context.env);
  if (name === undefined) {
    context.stdout.write(flags.json ? renderJson(list) : renderAll(list, style));
    if (!flags.json) printProblems(context, list.problems, list.texts);
    return EXIT_CODES.ok.code;
  }
  const bottle = list.bottles.find(({ entry }) => entry.name === name);
  const agent = list.agents.find(({ entry }) => entry.name === name);
  const file = bottle?.entry.file ?? agent?.entry.file;
  if (file === undefined) {
    const names = [...list.bottles, ...list.agents].map(({ entry }) => entry.name);
    throw new BottleError("manifest/not-found", `there is no bottle or agent ${JSON.stringify(name)}`, {
      hint: names.length === 0 ? "run `bottle init`" : `there is: ${names.join(", ")}`,
    });
  }
  const found = { bottle: strip(bottle?.bottle), agent: strip(agent?.agent) };
  if (found.bottle === undefined && found.agent === undefined) {
    printProblems(context, list.problems, list.texts);
    return EXIT_CODES.input.code;
  }
  const one = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  context.stdout.write(`${JSON.stringify(one, undefined, 2)}\n`);
  return EXIT_CODES.ok.code;
}

function renderAll(list: ManifestList, style: Style): string {
  const lines = ["Bottles"];
  for (const { entry, bottle } of list.bottles) lines.push(line(style, entry.name, describeBottle(bottle), entry.file));
  if (list.bottles.length === 0) lines.push("  none yet; `bottle init` makes one");
  lines.push("", "Agents");
  for (const { entry, agent } of list.agents) lines.push(line(style, entry.name, describeAgent(agent), entry.file));
  if (list.agents.length === 0) lines.push("  none yet");
  return `${lines.join("\n")}\n`;
}

function line(style: Style, name: string, what: string, file: string): string {
  return `  ${style("name", name.padEnd(16))} ${showHarmlessly(what).padEnd(40)} ${style("faint", showHarmlessly(file))}`;
}

function describeBottle(bottle: Bottle | undefined): string {
  if (bottle === undefined) return "has errors; see `bottle manifest check`";
  const { env, workspace, provider } = bottle;
  return `${provider.template}, workspace ${workspace.mode}, ${env.length} env`;
}

function describeAgent(agent: Agent | undefined): string {
  if (agent === undefined) return "has errors; see `bottle manifest check`";
  return `${agent.origin}, in ${agent.bottles.join(" + ") || "the bottle that --bottle names"}`;
}

function renderJson(list: ManifestList): string {
  const bottles = list.bottles.map(({ entry, bottle }) => ({
    name: entry.name,
    file: entry.file,
    bottle: strip(bottle) ?? null,
  }));
  const agents = list.agents.map(({ entry, agent }) => ({
    name: entry.name,
    file: entry.file,
    agent: strip(agent) ?? null,
  }));
  return `${JSON.stringify({ bottles, agents, problems: list.problems }, undefined, 2)}\n`;
}

/** Without the places of keys, which are for error messages. */
function strip(value: Bottle | Agent | undefined): object | undefined {
  if (value === undefined) return undefined;
  const { written: _, ...rest } = value;
  return rest;
}
