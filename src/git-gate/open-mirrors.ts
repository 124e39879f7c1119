import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import { type Mirror, makeMirror } from "./mirror.ts";
import { HOOKS } from "./mirror-config.ts";
import type { GatePolicy } from "./policy.ts";
import { openUpstreamAccess } from "./upstream-access.ts";

const SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/** What the mirrors of a gate are made with. */
type MirrorsParts = { readonly policy: GatePolicy; readonly holder: Holder; readonly clock: Clock };

/** The mirrors of a bottle by the names of their repositories, with the hooks that all of them run. */
export async function openMirrors(
  { policy, holder, clock }: MirrorsParts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Mirror>> {
  const hooks = join(policy.folder, "hooks");
  await makePrivateFolder(hooks);
  for (const [name, script] of Object.entries(HOOKS)) await writeAtomically(join(hooks, name), script, 0o700);
  const caFile = policy.extraCaPem === undefined ? undefined : join(policy.folder, "ca.pem");
  if (caFile !== undefined) await writeAtomically(caFile, `${await readSystemCas()}\n${policy.extraCaPem}\n`);
  const mirrors = policy.repos.map(async (repo) => {
    const access = await openUpstreamAccess(policy, repo, caFile);
    return [
      repo.name,
      makeMirror({ policy, repo, access, hooks, holder, signal, now: () => clock.now().getTime() }),
    ] as const;
  });
  return new Map(await Promise.all(mirrors));
}

/** Git takes one file of certificates, which then stands for all. */
async function readSystemCas(): Promise<string> {
  for (const bundle of SYSTEM_BUNDLES) {
    const text = await readTextIfThere(bundle);
    if (text !== undefined) return text;
  }
  return rootCertificates.join("\n");
}
