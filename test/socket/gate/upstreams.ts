import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Scope } from "../../../src/base/scope.ts";
import { openHttpsOrigin, originAuthority } from "../egress/harness.ts";

/** Git's environment in tests: nobody's configuration. */
export const GIT_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin",
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.test",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.test",
  GIT_TERMINAL_PROMPT: "0",
};

/** Why an ssh server cannot be run here, if it cannot; in CI it must be there. */
export const NO_SSHD = whyNoSshd();

function whyNoSshd(): string | undefined {
  if (!existsSync("/usr/sbin/sshd")) {
    const why = "openssh-server is missing: apt-get install openssh-server";
    if (process.env["CI"] === "true") throw new Error(why);
    return why;
  }
  try {
    userInfo();
    return undefined;
  } catch {
    return "ssh works for users with a name only; the run with uid 0 has these tests"; // no such user in the password file
  }
}

export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync("git", args, {
    cwd,
    env: GIT_ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  }).trim();
}

/** A bare repository with one commit on `main`. */
export function makeUpstream(folder: string, name: string): string {
  const path = join(folder, name);
  git(folder, "init", "-q", "--bare", "-b", "main", path);
  git(path, "config", "http.receivepack", "true");
  const seed = join(folder, `${name}.seed`);
  git(folder, "init", "-q", "-b", "main", seed);
  writeFileSync(join(seed, "README.md"), "# A project\n");
  git(seed, "add", ".");
  git(seed, "commit", "-q", "-m", "first");
  git(seed, "push", "-q", path, "main");
  return path;
}

/** Git's own server over TLS, for whoever brings the token; `within` is waited for in the middle of each answer with a pack. */
export async function openTlsUpstream(
  scope: Scope,
  root: string,
  token: string,
  onRequest: () => void = () => {},
  within: () => Promise<void> = async () => {},
) {
  const seen: (string | undefined)[] = [];
  const basic = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  const origin = await openHttpsOrigin(scope, "localhost", (request, response) => {
    seen.push(request.headers.authorization);
    onRequest();
    if (request.url?.startsWith("/moved/"))
      return void response.writeHead(301, { Location: "https://elsewhere.example.test/" }).end();
    if (request.headers.authorization === basic) return answerWithGit(root, request, response, within);
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="git"' }).end("no");
  });
  return { port: origin.port, seen, caPem: (await originAuthority()).certificatePem };
}

function answerWithGit(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  within: () => Promise<void>,
): void {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const { headers } = request;
  const child = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENV,
      ...{ GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: "1", PATH_INFO: path, QUERY_STRING: query, REMOTE_USER: "x" },
      ...{ REQUEST_METHOD: request.method ?? "", CONTENT_TYPE: headers["content-type"] ?? "" },
      ...(headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: headers["content-length"] }),
      ...(headers["content-encoding"] === undefined ? {} : { HTTP_CONTENT_ENCODING: headers["content-encoding"] }),
      GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(child.stdin);
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  child.stdout.on("end", () => {
    const all = Buffer.concat(pieces);
    const end = all.indexOf("\r\n\r\n");
    const lines = all.toString("latin1", 0, end).split("\r\n");
    const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const);
    const status = fields.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? "200";
    response.writeHead(Number(status), Object.fromEntries(fields.filter(([name]) => name !== "Status")));
    const body = all.subarray(end + 4);
    const half = body.includes("packfile\n") ? body.length >> 1 : 0;
    response.write(body.subarray(0, half));
    const middle = half > 0 ? within() : Promise.resolve();
    middle.then(
      () => response.end(body.subarray(half)),
      () => response.destroy(),
    );
  });
}

/** OpenSSH's own server with its own keys, on the loopback. */
export async function openSshUpstream(scope: Scope, folder: string) {
  const place = join(folder, "sshd");
  mkdirSync(place, { recursive: true });
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const keygen = (name: string) =>
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(place, name)]);
  for (const name of ["host", "user", "stranger"]) keygen(name);
  const port = await freePort();
  writeFileSync(join(place, "authorized"), readFileSync(join(place, "user.pub")), { mode: 0o600 });
  const config = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${join(place, "host")}`, "PidFile none", "UsePAM no"],
    ...[`AuthorizedKeysFile ${join(place, "authorized")}`, "StrictModes no", "PasswordAuthentication no"],
    ...["PermitRootLogin prohibit-password", "LogLevel FATAL"],
    ...[`SetEnv HOME=${place}`, ""], // login scripts of whoever runs this are no part of the server
  ];
  writeFileSync(join(place, "config"), config.join("\n"));
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(place, "config")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  scope.defer("sshd", () => void child.kill("SIGTERM"));
  await answers(port);
  const hostKey = readFileSync(join(place, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  const strangerKey = readFileSync(join(place, "stranger.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  const url = (path: string) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`;
  return { port, hostKey, strangerKey, key: join(place, "user"), strangersKeyFile: join(place, "stranger"), url };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > end) throw new Error("sshd does not answer");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
