import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { readTextIfThere, writeAtomically } from "../base/files.ts";
import { run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { GitRepo } from "../manifest/bottle.ts";
import { parseRemoteUrl } from "../manifest/remote-url.ts";
import type { HostFacts } from "../plan/host-facts.ts";
import type { FirstKey } from "../plan/plan.ts";

/** The keys by which the servers of remotes are known, and what stands against a start. */
export type KnownRemotes = {
  readonly facts: HostFacts["hostKeys"];
  readonly errors: readonly BottleError[];
};

const FILE = "known-hosts";
const SCAN_MS = 15_000;
/** The one that is taken when a server has several */
const KINDS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];

/** Who is there when a server shows a key for the first time; for a dry run no server is asked. */
export type Attendance = "somebody" | "nobody" | "dry-run";

/**
 * Finds the key of every `ssh://` server that the bottle does not pin: accepted before, or asked for now. Where nobody can
 * accept one it is an error that has the line to write.
 */
export async function findHostKeys(
  context: Context,
  remotes: readonly GitRepo[],
  attendance: Attendance,
): Promise<KnownRemotes> {
  const accepted = remotes.some(needsKey) ? await readAccepted(context.paths.home) : new Map<string, string>();
  const firstKeys: FirstKey[] = [];
  const errors: BottleError[] = [];
  const byRemote = new Map<string, string>();
  await Promise.all(
    remotes.filter(needsKey).map(async (remote) => {
      const server = serverOf(remote.url);
      const before = accepted.get(server.text);
      const key = before ?? (attendance === "dry-run" ? undefined : await scanHostKey(server));
      if (key !== undefined) byRemote.set(remote.name, key);
      if (before !== undefined) return;
      const first = { remote: remote.name, server: server.text };
      if (attendance === "dry-run") firstKeys.push({ ...first, shown: undefined });
      else if (key === undefined) errors.push(unreachable(remote, server));
      else if (attendance === "nobody") errors.push(unaccepted(remote, server, key));
      else firstKeys.push({ ...first, shown: { key, fingerprint: fingerprintOf(key) } });
    }),
  );
  return { facts: { byRemote, first: firstKeys }, errors };
}

/** Keeps keys that were accepted, in the home folder, for every later bottle. */
export async function rememberHostKeys(home: string, keys: readonly FirstKey[]): Promise<void> {
  const shown = keys.flatMap(({ server, shown }) => (shown === undefined ? [] : [[server, shown.key] as const]));
  if (shown.length === 0) return;
  const known = new Map([...(await readAccepted(home)), ...shown]);
  await writeAtomically(join(home, FILE), [...known].map(([server, key]) => `${server} ${key}\n`).join(""));
}

type Server = { readonly host: string; readonly port: string; readonly text: string };

function needsKey({ url, hostKey }: GitRepo): boolean {
  return hostKey === undefined && parseRemoteUrl(url).kind === "ssh";
}

function serverOf(url: string): Server {
  const parsed = url.includes("://") ? new URL(url) : undefined;
  const host = (parsed?.hostname ?? /@(\[[^\]]+\]|[^:]+):/.exec(url)?.[1] ?? "").replace(/^\[|\]$/g, "");
  const port = parsed?.port || "22";
  return { host, port, text: `[${host}]:${port}` };
}

async function readAccepted(home: string): Promise<ReadonlyMap<string, string>> {
  const text = (await readTextIfThere(join(home, FILE))) ?? "";
  const rows = text.split("\n").flatMap((line) => {
    const [, server, key] = /^(\[\S+\]:\d+) (\S+ \S+)$/.exec(line) ?? [];
    return server === undefined || key === undefined ? [] : [[server, key] as const];
  });
  return new Map(rows);
}

async function scanHostKey({ host, port }: Server): Promise<string | undefined> {
  const { stdout } = await run(["ssh-keyscan", "-T", "10", "-p", port, host], {
    env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
    timeoutMs: SCAN_MS,
    maxOutputBytes: 64 * 1024,
  });
  const keys = stdout
    .toString("latin1")
    .split("\n")
    .flatMap((line) => /^[^#\s]+ (\S+ [A-Za-z0-9+/]+=*)$/.exec(line.trim())?.[1] ?? []);
  return KINDS.flatMap((kind) => keys.find((key) => key.startsWith(`${kind} `)) ?? [])[0];
}

/** A key as `ssh` shows it when it asks. */
function fingerprintOf(key: string): string {
  const [kind = "", blob = ""] = key.split(" ");
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64").replace(/=+$/, "");
  return `${kind} SHA256:${digest}`;
}

function unreachable({ name }: GitRepo, { text }: Server): BottleError {
  return new BottleError("git/host-key-unknown", `the server ${text} of the remote ${name} showed no key`, {
    hint: `check its address; with git-gate.repos.${name}.host_key in the bottle it is not asked at the start`,
  });
}

function unaccepted({ name }: GitRepo, { text }: Server, key: string): BottleError {
  return new BottleError(
    "git/host-key-unknown",
    `the server ${text} of the remote ${name} is not known yet, and nobody is here to accept its key ${fingerprintOf(key)}`,
    { hint: `after comparing the fingerprint, write into the bottle: git-gate.repos.${name}.host_key: "${key}"` },
  );
}
