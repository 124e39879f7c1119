import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import type { Scope } from "../../base/scope.ts";

/** What no guest may reach: a service of this machine's loopback, and this machine under its other addresses. */
type Foreign = { readonly port: number; readonly hosts: readonly string[] };

const MOST_HOSTS = 16;

/**
 * Listens on the loopback of this machine while a guest is made, where a guest must not get to: its own loopback must not be
 * ours. Also names the addresses under which this machine is known elsewhere.
 */
export async function openCanaryListener(scope: Scope): Promise<Foreign> {
  const server = createServer((connection) => connection.on("error", () => {}).destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  scope.defer("close the port that no bottle may reach", () => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const hosts = own.filter(({ internal, scopeid }) => !internal && !scopeid).map((one) => one.address);
  return { port, hosts: hosts.slice(0, MOST_HOSTS) };
}
