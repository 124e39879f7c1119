import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

/** Addresses that no bottle may have a way to: the machine's own by convention, its metadata service, the world. */
const ELSEWHERE = ["169.254.169.254", "192.0.2.1", "172.17.0.1", "2001:db8::1"];
/** What a bottle's own loopback is not: that of the host, and where a virtual network leads there */
const LOOPBACKS = ["127.0.0.1", "100.96.0.1"];
const DEADLINE_MS = 500;

/** Everything but the loopback that could lead out, or answers; a bottle in which there is anything does not start. */
export async function findOtherWays(
  ports: readonly number[],
  foreign?: { readonly port: number; readonly hosts: readonly string[] },
): Promise<readonly string[]> {
  const interfaces = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some(({ internal }) => !internal))
    .map(([name]) => `the network interface ${name}`);
  const all = [...ELSEWHERE, ...(foreign?.hosts ?? [])];
  const reached = await Promise.all(all.map(async (host) => ((await isUnreachable(host)) ? [] : [host])));
  const loopbacks = await Promise.all(
    LOOPBACKS.map(async (host) => {
      if (foreign === undefined || !(await isAnswered(host, foreign.port))) return [];
      return [`the host's own loopback, at ${host}`];
    }),
  );
  return [...interfaces, ...findListeners(ports), ...reached.flat(), ...loopbacks.flat()];
}

function isAnswered(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect({ host, port });
    const settle = (isThere: boolean) => {
      clearTimeout(timer);
      attempt.destroy();
      resolve(isThere);
    };
    const timer = setTimeout(() => settle(false), DEADLINE_MS);
    attempt.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

/** Without a route the attempt fails at once; one that is refused, or hangs, has left. */
function isUnreachable(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect({ host, port: 80 });
    const settle = (unreachable: boolean) => {
      clearTimeout(timer);
      attempt.destroy();
      resolve(unreachable);
    };
    const timer = setTimeout(() => settle(false), DEADLINE_MS);
    attempt.once("connect", () => settle(false));
    attempt.once("error", (error: NodeJS.ErrnoException) => settle(UNREACHABLE.includes(error.code ?? "")));
  });
}

const UNREACHABLE = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EPERM"];

/** Who listens on TCP already, as the kernel tells; where it does not tell there is no such table. */
function findListeners(ports: readonly number[]): readonly string[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => {
    const lines = readIfThere(table).split("\n").slice(1);
    return lines.flatMap((line) => {
      const [, local = "", , state] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.split(":")[1] ?? "", 16);
      return state === "0A" && !ports.includes(port) ? [`port ${port}`] : [];
    });
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
