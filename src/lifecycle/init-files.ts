import { join } from "node:path";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../base/files.ts";
import type { Paths } from "../base/paths.ts";

/** What `bottle init` decided, before anything is written. */
export type InitPlan = {
  readonly tools: readonly string[];
  /** Agent programs, and the variable that holds the credential of each */
  readonly agents: readonly { readonly name: string; readonly title: string; readonly variable: string }[];
};

/** A file that init wrote, or found and left alone. */
export type InitFile = { readonly path: string; readonly outcome: "written" | "kept" };

const BOTTLE = `---
# What an agent gets. Every key: docs/MANIFEST.md, or \`bottle manifest schema\` for your editor.
# \`bottle manifest check\` says what is wrong, with line and column.
workspace:
  mode: copy        # copy (default) | none | mount
resources:
  pids: 512
---
The bottle that \`bottle start\` uses when none is named: a copy of the current
folder, the programs of this machine, and no network at all.
`;

const AGENT = `---
description: A shell in the default bottle, to look around
bottle: default
---
You work in a bottle: a copy of the repository, and no network. Leave your
changes in the workspace; a person looks at them afterwards.
`;

/** Writes the first bottle, agent and machine-wide settings; a file that is there is never changed. */
export async function writeInitFiles(paths: Paths, plan: InitPlan): Promise<readonly InitFile[]> {
  const wanted: readonly { readonly folder: string; readonly path: string; readonly text: string }[] = [
    { folder: paths.bottles, path: join(paths.bottles, "default.md"), text: BOTTLE },
    { folder: paths.agents, path: join(paths.agents, "shell.md"), text: AGENT },
    ...plan.agents.flatMap(({ name, title, variable }) => [
      {
        folder: paths.bottles,
        path: join(paths.bottles, `${name}.md`),
        text: renderAgentBottle(name, title, variable),
      },
      { folder: paths.agents, path: join(paths.agents, `${name}.md`), text: renderAgent(name, title) },
    ]),
    { folder: paths.home, path: paths.config, text: renderConfig(plan) },
  ];
  const written: InitFile[] = [];
  for (const { folder, path, text } of wanted) {
    await makePrivateFolder(folder);
    const there = await readTextIfThere(path);
    if (there === undefined) await writeAtomically(path, text);
    written.push({ path, outcome: there === undefined ? "written" : "kept" });
  }
  return written;
}

function renderAgentBottle(name: string, title: string, variable: string): string {
  return `---
extends: default
agent_provider:
  template: ${name}
  auth_token: ${variable}   # a variable of your shell; added outside, the agent never holds it
---
${title}, on a copy of the current folder. It reaches its own service and nothing else;
\`egress.routes\` would add hosts.
`;
}

function renderAgent(name: string, title: string): string {
  return `---
description: ${title} in a bottle of its own
bottle: ${name}
---
You work in a bottle: a copy of the repository, and no network but what its manifest grants.
A refused request says why and what to do. Leave your changes in the workspace; a person
looks at them afterwards.
`;
}

function renderConfig({ tools }: InitPlan): string {
  const head = "# Settings of this machine for every bottle. Keys: docs/MANIFEST.md\n";
  if (tools.length === 0) return `${head}# tools: [/path/to/toolchain]   # bound read-only into every bottle\n`;
  const lines = tools.map((folder) => `  - ${JSON.stringify(folder)}\n`).join("");
  return `${head}# Toolchains outside /usr that every bottle may read and run, never write:\ntools:\n${lines}`;
}
