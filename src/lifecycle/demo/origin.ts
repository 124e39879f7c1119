import { once } from "node:events";
import { createServer } from "node:https";
import type { Clock } from "../../base/clock.ts";
import type { Scope } from "../../base/scope.ts";
import { makeCertificateAuthority } from "../../egress/authority/certificate-authority.ts";
import { parseHost } from "../../egress/wire/host.ts";

/** Name of the service that the demo's bottle may reach */
export const DEMO_HOST = "api.demo.example";

/** A service of the internet, played on the loopback: real TLS, and an answer only for who has the key. */
export type DemoOrigin = {
  readonly port: number;
  /** Certificate that its TLS is verified against, PEM */
  readonly authorityPem: string;
  /** How often the right key arrived */
  readonly calls: () => number;
};

/** Starts the service; it is gone with the scope. */
export async function openDemoOrigin(key: string, clock: Clock, scope: Scope): Promise<DemoOrigin> {
  const authority = await makeCertificateAuthority("demo", clock);
  const leaf = await authority.issue(parseHost(DEMO_HOST));
  let calls = 0;
  const server = createServer({ key: leaf.keyPem, cert: leaf.certificatePem }, (request, response) => {
    const known = request.headers.authorization === `Bearer ${key}`;
    if (known) calls += 1;
    response.writeHead(known ? 200 : 401, { "content-type": "text/plain" });
    response.end(known ? "hello, known customer" : "who are you?");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.defer("close the service of the demo", () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the service has no port");
  return { port: address.port, authorityPem: authority.certificatePem, calls: () => calls };
}
