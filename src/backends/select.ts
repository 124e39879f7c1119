import { BottleError } from "../base/errors.ts";
import { BACKEND_NAMES, type BackendName } from "../manifest/bottle.ts";
import type { Backend, Probe } from "./backend.ts";

/** Who may ask for a backend, strongest voice first. */
export type BackendWishes = {
  readonly flag: BackendName | undefined;
  /** `BOT_BOTTLE_BACKEND` as it was set */
  readonly variable: string | undefined;
  readonly bottle: BackendName | undefined;
  readonly config: BackendName | undefined;
};

/** The backend that was chosen, who asked for it (undefined when nobody did), and what its probe found. */
export type Selection = { readonly backend: Backend; readonly probe: Probe; readonly because: string | undefined };

/**
 * Chooses how to isolate: the strongest voice that names a backend, else the first of the platform's own order that
 * works. A backend that was asked for and cannot be used is an error, never a reason to use a weaker one.
 */
export async function selectBackend(
  backends: readonly Backend[],
  wishes: BackendWishes,
  platform: NodeJS.Platform,
): Promise<Selection> {
  const wish = strongestWish(wishes);
  if (wish !== undefined) {
    const backend = backends.find(({ name }) => name === wish.name);
    if (backend === undefined) throw new BottleError("backend/not-available", `there is no backend ${wish.name}`);
    const probe = await backend.probe();
    if (!probe.usable) throw notAvailable([probe], `${wish.name}, asked for by ${wish.because}, cannot be used here`);
    return { backend, probe, because: wish.because };
  }
  const refused: Probe[] = [];
  for (const name of platform === "darwin" ? AUTOMATIC.darwin : AUTOMATIC.linux) {
    const backend = backends.find((candidate) => candidate.name === name);
    const probe = await backend?.probe();
    if (backend !== undefined && probe?.usable === true) return { backend, probe, because: undefined };
    if (probe !== undefined) refused.push(probe);
  }
  const other = platform === "darwin" ? undefined : await backends.find(({ name }) => name === OFFERED)?.probe();
  if (other?.usable === true) throw notAvailable(refused, "the local backend cannot be used here", OFFERED);
  throw notAvailable(other === undefined ? refused : [...refused, other], "no way to isolate works on this machine");
}

/** What is taken when nobody asks. Containers are never taken instead of the local backend: they would have to be built first. */
const AUTOMATIC: { readonly linux: readonly BackendName[]; readonly darwin: readonly BackendName[] } = {
  linux: ["local"],
  darwin: ["smolmachines", "docker"],
};

/** What Linux is told of when the local backend cannot be used and this one can. */
const OFFERED: BackendName = "docker";

function strongestWish(wishes: BackendWishes): { readonly name: BackendName; readonly because: string } | undefined {
  if (wishes.flag !== undefined) return { name: wishes.flag, because: "--backend" };
  if (wishes.variable !== undefined && wishes.variable !== "") {
    const name = BACKEND_NAMES.find((known) => known === wishes.variable);
    if (name === undefined) {
      throw new BottleError("input/usage", `BOT_BOTTLE_BACKEND is "${wishes.variable}", which is no backend`, {
        hint: `set it to one of ${BACKEND_NAMES.join(", ")}, or unset it`,
      });
    }
    return { name, because: "BOT_BOTTLE_BACKEND" };
  }
  if (wishes.bottle !== undefined) return { name: wishes.bottle, because: "the bottle" };
  if (wishes.config !== undefined) return { name: wishes.config, because: "config.yaml" };
  return undefined;
}

function notAvailable(probes: readonly Probe[], message: string, instead?: BackendName): BottleError {
  const failed = probes.flatMap(({ backend, checks }) => {
    const broken = checks.filter(({ outcome }) => outcome === "failed");
    // what was skipped tells something only where nothing was found broken
    const told = broken.length > 0 ? broken : checks.filter(({ outcome }) => outcome === "skipped");
    return told.map((check) => ({ backend, ...check }));
  });
  const reasons = failed.map(({ backend, detail }) => `\n  ${backend}: ${detail}`).join("");
  const fix = failed.find((check) => check.fix !== undefined)?.fix;
  const also = instead === undefined ? "" : `\n    or add --backend ${instead}, which works here`;
  return new BottleError("backend/not-available", message + reasons, {
    hint: `${fix === undefined ? "run `bottle doctor`" : `${fix}   (\`bottle doctor\` shows every check)`}${also}`,
  });
}
