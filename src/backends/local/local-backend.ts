import type { Backend, Probe } from "../backend.ts";
import { openGuest } from "./guest.ts";
import { CLAIMS_FOLDER } from "./identity.ts";
import { makeHomeMark } from "./labels.ts";
import { listGuests, removeGuest } from "./leftovers.ts";
import { makeProbe, needsTrial } from "./probe.ts";
import { attempt, readProbeFacts } from "./probe-facts.ts";
import { findPrograms } from "./programs.ts";
import { openProbeMemory, type ProbeMemory } from "./remembered-probe.ts";
import type { LocalSetup } from "./setup.ts";
import { runTrial } from "./trial.ts";
import { openWorkshop } from "./workshop.ts";

/** The embedded backend: bubblewrap on the host's own kernel, no daemon and no image. */
export function makeLocalBackend(setup: LocalSetup): Backend {
  const mark = makeHomeMark(setup.home);
  const search = { mark, uid: setup.uid, claimsFolder: setup.claimsFolder ?? CLAIMS_FOLDER };
  return {
    name: "local",
    probe: (signal, depth = "quick") => runProbe(setup, mark, signal, depth),
    prepare: async () => ({ image: undefined }),
    create: async (spec, scope) => openGuest(openWorkshop(setup, mark), spec, scope),
    list: () => listGuests(search),
    remove: (ref) => removeGuest(search, ref.slug),
  };
}

/** A real bottle is tried when asked for, or when only it can tell and this boot has not seen one work. */
async function runProbe(
  setup: LocalSetup,
  mark: string,
  signal: AbortSignal | undefined,
  depth: "quick" | "deep",
): Promise<Probe> {
  const programs = findPrograms();
  const memory = await openProbeMemory(setup.cacheFolder, programs.get("bwrap") ?? "");
  const remembered = depth === "quick" ? memory.remembered : undefined;
  const facts = await readProbeFacts(setup, programs, { signal, depth, bwrapVersion: remembered?.bwrapVersion });
  const first = makeProbe({ ...facts, trial: { kind: "not-tried" } });
  const isTried = setup.mayTry && (depth === "deep" || (needsTrial(facts) && remembered?.trialOk !== true));
  if (!first.usable || !isTried) {
    if (setup.mayTry && first.usable && remembered === undefined) await keep(memory, facts.bwrapVersion, false);
    return first;
  }
  const trial = await attempt(async () => runTrial(openWorkshop(setup, mark), facts.cgroups));
  if (trial.kind === "ok") await keep(memory, facts.bwrapVersion, true);
  return makeProbe({ ...facts, trial });
}

async function keep(memory: ProbeMemory, bwrapVersion: string | undefined, trialOk: boolean): Promise<void> {
  if (bwrapVersion !== undefined) await memory.keep({ bwrapVersion, trialOk });
}
