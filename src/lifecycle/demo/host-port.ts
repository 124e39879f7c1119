import { once } from "node:events";
import { createServer } from "node:net";
import type { Scope } from "../../base/scope.ts";

/** Starts a service on the host's loopback that greets everybody, as a database on a laptop does; returns its port. */
export async function openHostService(scope: Scope): Promise<number> {
  const server = createServer((socket) => socket.end("welcome\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.defer("close the service of the demo", () => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the service has no port");
  return address.port;
}
