import type { Backend } from "../backend.ts";
import { openGuest } from "./guest.ts";
import { CLAIMS_FOLDER } from "./identity.ts";
import { makeHomeMark } from "./labels.ts";
import { listGuests, removeGuest } from "./leftovers.ts";
import { makeProbe, needsTrial } from "./probe.ts";
import { attempt, readProbeFacts } from "./probe-facts.ts";
import type { LocalSetup } from "./setup.ts";
import { runTrial } from "./trial.ts";
import { openWorkshop } from "./workshop.ts";

/** The embedded backend: bubblewrap on the host's own kernel, no daemon and no image. */
export function makeLocalBackend(setup: LocalSetup): Backend {
  const mark = makeHomeMark(setup.home);
  const search = { mark, uid: setup.uid, claimsFolder: setup.claimsFolder ?? CLAIMS_FOLDER };
  return {
    name: "local",
    probe: async (signal, depth = "quick") => {
      const facts = await readProbeFacts(setup, signal);
      const first = makeProbe({ ...facts, trial: { kind: "not-tried" } });
      if (!first.usable || (depth === "quick" && !needsTrial(facts))) return first;
      const trial = await attempt(async () => runTrial(await openWorkshop(setup, mark), facts.cgroups));
      return makeProbe({ ...facts, trial });
    },
    create: async (spec, scope) => openGuest(await openWorkshop(setup, mark), spec, scope),
    list: () => listGuests(search),
    remove: (ref) => removeGuest(search, ref.slug),
  };
}
