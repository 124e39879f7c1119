import { createHash } from "node:crypto";
import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { writeAtomically } from "../base/files.ts";
import { run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { GitEnv } from "./git-process.ts";
import type { GatePolicy, GateRepo } from "./policy.ts";

/** Name under which the one key of a server is known, whatever its address. */
const HOST_ALIAS = "upstream";
/** How long a connection without a call is kept, `s` */
const KEPT_SECONDS = 60;
/** Bytes of a path of a socket, less what ssh adds while it makes one */
const LONGEST_CONTROL = 85;
const CLOSE_MS = 2_000;
/** What GitHub, GitLab and Gitea take for a user next to a token. */
const TOKEN_USER = "x-access-token";

/** A way to one upstream. */
export type UpstreamAccess = {
  /** Variables of git when it speaks with the upstream */
  readonly env: GitEnv;
  /** Ends what is kept open between two calls. */
  close(): Promise<void>;
};

/**
 * Makes what git needs to reach an upstream: variables of the one child that speaks with it. Nothing secret is in an
 * argument or a file; a token exists in that child's environment only.
 */
export async function openUpstreamAccess(
  policy: GatePolicy,
  repo: GateRepo,
  caFile: string | undefined,
): Promise<UpstreamAccess> {
  switch (repo.kind) {
    case "file":
      return { env: { GIT_ALLOW_PROTOCOL: "file" }, close: async () => {} };
    case "https":
      return { env: httpsEnv(policy, repo, caFile), close: async () => {} };
    case "ssh":
      return openSsh(policy, repo);
  }
}

function httpsEnv(policy: GatePolicy, { token }: GateRepo, caFile: string | undefined): GitEnv {
  const settings: [string, string][] = [
    ["protocol.https.allow", "always"],
    ["http.followRedirects", "false"],
    ["http.sslVerify", "true"],
    ["http.sslVersion", "tlsv1.2"],
    ["credential.helper", ""],
    ["http.lowSpeedLimit", "1"],
    ["http.lowSpeedTime", "60"],
  ];
  if (policy.upstreamProxy !== undefined) settings.push(["http.proxy", policy.upstreamProxy.expose("company proxy")]);
  if (token !== undefined)
    settings.push(["http.extraHeader", `Authorization: Basic ${encode(token.expose("git upstream"))}`]);
  return {
    GIT_ALLOW_PROTOCOL: "https",
    ...(caFile === undefined ? {} : { GIT_SSL_CAINFO: caFile }),
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], n) => [
        [`GIT_CONFIG_KEY_${n}`, key],
        [`GIT_CONFIG_VALUE_${n}`, value],
      ]),
    ),
  };
}

/** A token alone, or `user:password` for servers that want both. */
function encode(token: string): string {
  return Buffer.from(token.includes(":") ? token : `${TOKEN_USER}:${token}`).toString("base64");
}

async function openSsh(policy: GatePolicy, repo: GateRepo): Promise<UpstreamAccess> {
  if (repo.hostKey === undefined) throw new Error(`no host key for ${repo.name}`);
  const control = controlPath(policy.folder, repo.name);
  const known = join(policy.folder, `${repo.name}.known-hosts`);
  await writeAtomically(known, `${HOST_ALIAS} ${repo.hostKey}\n`);
  const options = [
    ...[
      "StrictHostKeyChecking=yes",
      `HostKeyAlias=${HOST_ALIAS}`,
      "GlobalKnownHostsFile=/dev/null",
      "UpdateHostKeys=no",
    ],
    ...[`UserKnownHostsFile=${quoteValue(known)}`, "CheckHostIP=no", "VerifyHostKeyDNS=no"],
    ...["BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=10", "ServerAliveCountMax=3"],
    ...["ClearAllForwardings=yes", "ForwardAgent=no", "PermitLocalCommand=no", "ProxyCommand=none"],
    ...keepOpen(control),
    ...[
      "PasswordAuthentication=no",
      "KbdInteractiveAuthentication=no",
      `IdentitiesOnly=${repo.key === undefined ? "no" : "yes"}`,
    ],
    `IdentityFile=${repo.key === undefined ? "none" : quoteValue(repo.key)}`,
    ...(repo.key === undefined ? [] : ["IdentityAgent=none"]),
  ];
  const argv = ["ssh", "-F", "/dev/null", ...options.flatMap((option) => ["-o", option])] as const;
  const env = {
    GIT_ALLOW_PROTOCOL: "ssh",
    GIT_SSH_COMMAND: argv.map(quoteWord).join(" "),
    GIT_SSH_VARIANT: "ssh",
    PATH: SYSTEM_PATH,
    ...(repo.key === undefined && policy.sshAgent !== undefined ? { SSH_AUTH_SOCK: policy.sshAgent } : {}),
  };
  const close = async () => {
    if (control === undefined) return;
    await run([...argv, "-O", "exit", HOST_ALIAS], { env: { PATH: SYSTEM_PATH }, timeoutMs: CLOSE_MS }).catch(() => {});
  };
  return { env, close };
}

/** A socket has a short name: what does not fit is not kept open. Nothing of a bottle is in this folder. */
function controlPath(folder: string, name: string): string | undefined {
  const path = join(folder, `${createHash("sha256").update(name).digest("hex").slice(0, 8)}.ssh`);
  return Buffer.byteLength(path) <= LONGEST_CONTROL && !/[%"\\$\s]/.test(path) ? path : undefined;
}

/** One connection for the calls that follow each other: a push looks at the upstream before and after its check. */
function keepOpen(control: string | undefined): readonly string[] {
  if (control === undefined) return ["ControlPath=none"];
  return ["ControlMaster=auto", `ControlPath=${control}`, `ControlPersist=${KEPT_SECONDS}`];
}

/** A word for the shell to which git gives the command: nothing in it is special. */
function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path as a value of ssh's configuration, where `%` and `$` would be replaced. */
function quoteValue(path: string): string {
  if (/["\\$\n\r\0]/.test(path)) {
    throw new BottleError("file/not-usable", `ssh cannot be told of ${JSON.stringify(path)}`, {
      hint: 'use a path without quotes, backslashes and "$"',
    });
  }
  return `"${path.replaceAll("%", "%%")}"`;
}
