import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { run, startProcess } from "../../src/base/process.ts";
import type { Scope } from "../../src/base/scope.ts";

/** A proxy that ends TLS, ready for load. */
export type Contender = { readonly name: string; readonly port: number; readonly ca: string; readonly pid: number };

/** What every contender is given. */
export type Setting = { readonly folder: string; readonly originCa: string; readonly originPort: number };

const ENV = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/tmp" };

/** Starts a child of this program in another role and gives the port it prints when it is ready. */
export async function startRole(
  scope: Scope,
  file: string,
  args: readonly string[],
): Promise<{ readonly port: number; readonly pid: number }> {
  const child = startProcess([process.execPath, file, ...args], {
    env: process.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  scope.defer("child", () => stop(child));
  const [line] = await once(child.stdout ?? process.stdin, "data");
  return { port: Number(line), pid: child.pid ?? 0 };
}

/** Debian's mitmproxy, with an empty script; undefined when it is not installed. */
export async function startMitmproxy(scope: Scope, setting: Setting): Promise<Contender | undefined> {
  const port = await freePort();
  const folder = join(setting.folder, "mitmproxy");
  const args = ["-q", "--listen-host", "127.0.0.1", "-p", String(port), "--set", `confdir=${folder}`];
  const trust = ["--set", `ssl_verify_upstream_trusted_ca=${setting.originCa}`, "--set", "http2=false"];
  const child = await start(scope, ["mitmdump", ...args, ...trust], port);
  if (child?.pid === undefined) return undefined;
  return { name: "mitmproxy", port, pid: child.pid, ca: await readFile(join(folder, "mitmproxy-ca-cert.pem"), "utf8") };
}

/** Debian's squid-openssl with ssl-bump, no cache, no log; undefined when it is not installed. */
export async function startSquid(scope: Scope, setting: Setting): Promise<Contender | undefined> {
  const port = await freePort();
  const folder = join(setting.folder, "squid");
  await mkdir(folder);
  await chmod(setting.folder, 0o755);
  const key = join(folder, "ca.pem");
  await run(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=squid",
      "-keyout",
      key,
      "-out",
      `${key}.crt`,
    ],
    { env: ENV },
  );
  await run(["/usr/lib/squid/security_file_certgen", "-c", "-s", join(folder, "db"), "-M", "4MB"], { env: ENV }).catch(
    () => undefined,
  );
  await run(["chown", "-R", "proxy:proxy", folder], { env: ENV });
  const config = `
http_port 127.0.0.1:${port} ssl-bump tls-cert=${key}.crt tls-key=${key} generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s ${join(folder, "db")} -M 4MB
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump bump all
tls_outgoing_options cafile=${setting.originCa}
http_access allow all
cache deny all
access_log none
cache_log ${join(folder, "cache.log")}
pid_filename ${join(folder, "pid")}
coredump_dir ${folder}
shutdown_lifetime 0 seconds
`;
  await writeFile(join(folder, "squid.conf"), config);
  const child = await start(scope, ["squid", "-N", "-f", join(folder, "squid.conf")], port);
  if (child?.pid === undefined) return undefined;
  return { name: "squid ssl-bump", port, pid: child.pid, ca: await readFile(`${key}.crt`, "utf8") };
}

async function start(
  scope: Scope,
  argv: readonly [string, ...string[]],
  port: number,
): Promise<ChildProcess | undefined> {
  const child = startProcess(argv, { env: ENV, stdio: "ignore" });
  let gone = false;
  child.on("error", () => {
    gone = true;
  });
  child.on("exit", () => {
    gone = true;
  });
  scope.defer("contender", () => stop(child));
  for (let round = 0; round < 300 && !gone; round++) {
    if (await answers(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return undefined;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const [event] = await Promise.race([
    once(socket, "connect").then(() => ["connect"]),
    once(socket, "close").then(() => ["close"]),
  ]).catch(() => ["error"]);
  socket.destroy();
  return event === "connect";
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Processor time that a process has used so far, `ms`; children are not counted. */
export async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // in ticks of 1/100 s, on every Linux that Node runs on
}
