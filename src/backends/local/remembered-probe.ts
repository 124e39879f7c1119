import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { parseJsonObject } from "../../base/parse-json.ts";

/** What a former probe of this boot and this bubblewrap found; it saves a start the time to find it again. */
export type RememberedProbe = {
  /** What `bwrap --version` says */
  readonly bwrapVersion: string;
  /** Whether a real bottle was tried and worked */
  readonly trialOk: boolean;
};

/** The memory of one bubblewrap; it forgets with each boot, and when the program is replaced. */
export type ProbeMemory = {
  readonly remembered: RememberedProbe | undefined;
  /** Keeps what was found; that it cannot be kept is no error. */
  keep(found: RememberedProbe): Promise<void>;
};

/** Opens the memory. What it says is a reason to save time, never one to isolate less: a start that fails still fails. */
export async function openProbeMemory(cacheFolder: string, bwrap: string): Promise<ProbeMemory> {
  const file = join(cacheFolder, "local-probe.json");
  const key = await makeKey(bwrap).catch(() => undefined);
  const text = key === undefined ? undefined : await readTextIfThere(file).catch(() => undefined);
  return {
    remembered: text === undefined || key === undefined ? undefined : parseRemembered(text, key),
    keep: async (found) => {
      if (key === undefined) return;
      try {
        await makePrivateFolder(cacheFolder);
        await writeAtomically(file, `${JSON.stringify({ key, ...found })}\n`);
      } catch {} // a cache that cannot be written costs time only
    },
  };
}

async function makeKey(bwrap: string): Promise<string> {
  const [boot, { dev, ino, size, mtimeMs }] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    stat(bwrap),
  ]);
  return [boot.trim(), bwrap, dev, ino, size, mtimeMs].join(" ");
}

/** What a memory file says, if it is about this boot and this program. */
export function parseRemembered(text: string, key: string): RememberedProbe | undefined {
  const value = parseJsonObject(text);
  if (value === undefined || value["key"] !== key) return undefined;
  const { bwrapVersion, trialOk } = value;
  return typeof bwrapVersion === "string" && typeof trialOk === "boolean" ? { bwrapVersion, trialOk } : undefined;
}
