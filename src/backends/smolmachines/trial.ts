import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { randomBase36 } from "../../base/ids.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import { makeOwnerMark } from "../labels.ts";
import { removeMachine } from "./machine.ts";
import { parseMachines } from "./output.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { errorWords } from "./smolvm.ts";
import { renderVersion, type Version } from "./version.ts";

/** Whether a machine boots here: only that tells a KVM that works from one that can merely be opened. */
export type Trial =
  | { readonly kind: "works" }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "untried" };

const BOOT_LIMIT_MS = 20_000;
/** No trial takes that long: its process is gone, seconds */
const ABANDONED_AFTER = 600;
const TRIAL_LABEL = "bot-bottle.trial";

/** Boots an empty machine once, and remembers for this version whether it did. `anew` forgets what is remembered. */
export async function tryMachine(setup: SmolmachinesSetup, version: Version, anew: boolean): Promise<Trial> {
  const { smolvm, cacheFolder, mayTry } = setup;
  const file = join(cacheFolder, "smolvm-trial.json");
  const key = `${smolvm.command} ${renderVersion(version)}`;
  const known = anew ? undefined : parseTrial((await readTextIfThere(file).catch(() => undefined)) ?? "", key);
  if (known !== undefined) return known;
  if (!mayTry) return { kind: "untried" };
  const trial = await boot(setup);
  try {
    await makePrivateFolder(cacheFolder);
    await writeAtomically(file, `${JSON.stringify({ key, ...trial })}\n`);
  } catch {} // a cache that cannot be written costs time only
  return trial;
}

/** What was remembered for this key. Pure. */
export function parseTrial(text: string, key: string): Trial | undefined {
  const value = parseJsonObject(text);
  if (value === undefined || value["key"] !== key) return undefined;
  if (value["kind"] === "works") return { kind: "works" };
  return value["kind"] === "broken" ? { kind: "broken", why: String(value["why"]) } : undefined;
}

async function boot({ smolvm, home, uid }: SmolmachinesSetup): Promise<Trial> {
  const mark = makeOwnerMark(home, uid);
  await removeAbandoned(smolvm, mark);
  const name = `bb-trial-${randomBase36(8)}`;
  try {
    const made = await smolvm.run([
      ...["machine", "create", "--name", name, "--cpus", "1", "--mem", "512", "--label", `${TRIAL_LABEL}=${mark}`],
    ]);
    if (made.exit.kind !== "code" || made.exit.code !== 0) return { kind: "broken", why: errorWords(made.stderr) };
    const started = await smolvm.run(["machine", "start", "--name", name], { timeoutMs: BOOT_LIMIT_MS });
    if (started.exit.kind === "code" && started.exit.code === 0) return { kind: "works" };
    return { kind: "broken", why: errorWords(started.stderr) || "it ended without a word" };
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    const why =
      error.code === "process/timeout"
        ? `KVM can be opened, but no machine boots within ${BOOT_LIMIT_MS / 1000} s: agent did not become ready`
        : error.message;
    return { kind: "broken", why };
  } finally {
    await removeMachine(smolvm, name).catch(() => {}); // the next trial finds it by its label
  }
}

async function removeAbandoned(smolvm: SmolmachinesSetup["smolvm"], mark: string): Promise<void> {
  const { stdout } = await smolvm.run(["machine", "ls", "--json"]);
  for (const { name, labels, created } of parseMachines(stdout.toString("utf8")) ?? []) {
    if (labels.get(TRIAL_LABEL) !== mark || Date.now() / 1000 - created < ABANDONED_AFTER) continue;
    await removeMachine(smolvm, name).catch(() => {});
  }
}
