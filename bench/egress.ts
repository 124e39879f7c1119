import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { Scope } from "../src/base/scope.ts";
import { SecretValue } from "../src/base/secret-value.ts";
import { compilePolicy } from "../src/egress/2-route/compiled-policy.ts";
import { makeCertificateAuthority } from "../src/egress/authority/certificate-authority.ts";
import { openEgress } from "../src/egress/open-egress.ts";
import { makeUpstreamTrust } from "../src/egress/server/upstream-trust.ts";
import { parseHost } from "../src/egress/wire/host.ts";
import { type Contender, processorTime, startMitmproxy, startRole, startSquid } from "./egress/contenders.ts";
import { type Measured, runLoad, type Target } from "./egress/load.ts";

/**
 * Small requests over TLS: straight, through this proxy, through mitmproxy and through squid, in one run on one machine.
 * `npx tsx bench/egress.ts [seconds]`; compare the ratios, not the numbers.
 */
const HOST = "localhost";
const BODY = `${"x".repeat(1000)}END`;

const [role = "4", ...rest] = process.argv.slice(2);
if (role === "origin") await runOrigin(rest[0] ?? "");
else if (role === "proxy") await runProxy(rest[0] ?? "", Number(rest[1]));
else await runBench(Number(role) * 1000);

async function runBench(ms: number): Promise<void> {
  await using scope = new Scope();
  const folder = await mkdtemp(join(tmpdir(), "bench-egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  const { port: originPort, pid: originPid } = await startRole(scope, import.meta.filename, ["origin", folder]);
  const originCa = join(folder, "origin.pem");
  const ours = await startRole(scope, import.meta.filename, ["proxy", folder, String(originPort)]);
  const setting = { folder, originCa, originPort };
  const contenders: readonly (Contender | undefined)[] = [
    { name: "bot-bottle", ...ours, ca: await readFile(join(folder, "proxy.pem"), "utf8") },
    await startMitmproxy(scope, setting),
    await startSquid(scope, setting),
  ];
  const direct: Target = { host: HOST, port: originPort, proxyPort: undefined, ca: await readFile(originCa, "utf8") };
  const targets = [
    { name: "straight", target: direct, pid: originPid },
    ...contenders.flatMap((one) =>
      one === undefined
        ? []
        : [{ name: one.name, pid: one.pid, target: { ...direct, proxyPort: one.port, ca: one.ca } }],
    ),
  ];
  for (const [what, connections, keepAlive] of [
    ["kept connections, 16 at once", 16, true],
    ["kept connection, one at a time", 1, true],
    ["new connection each, 8 at once", 8, false],
  ] as const) {
    const results: { readonly name: string; readonly measured: Measured; readonly cpuMs: number }[] = [];
    for (const { name, target, pid } of targets) {
      await runLoad(target, connections, keepAlive, ms / 4); // warm
      const before = await processorTime(pid);
      const measured = await runLoad(target, connections, keepAlive, ms);
      const requests = (measured.perSecond * ms) / 1000;
      results.push({ name, measured, cpuMs: ((await processorTime(pid)) - before) / requests });
    }
    print(what, results);
  }
  if (targets.length < 4)
    console.log("\nnot installed: some of mitmproxy, squid-openssl (apt-get install mitmproxy squid-openssl)");
}

function print(
  what: string,
  results: readonly { readonly name: string; readonly measured: Measured; readonly cpuMs: number }[],
): void {
  const straight = results[0]?.measured;
  const rival = results.find((result) => result.name === "mitmproxy")?.measured;
  console.log(`\n${what}`);
  for (const { name, measured, cpuMs } of results) {
    const added = (ours: number, theirs: number | undefined) => `+${(ours - (theirs ?? 0)).toFixed(2)} ms`.padStart(11);
    console.log(
      name.padEnd(16),
      `${Math.round(measured.perSecond)}/s`.padStart(9),
      `median ${added(measured.medianMs, straight?.medianMs)}`,
      `p99 ${added(measured.p99Ms, straight?.p99Ms)}`,
      rival === undefined ? "" : `${(measured.perSecond / rival.perSecond).toFixed(1)} × mitmproxy`.padStart(18),
      `${cpuMs.toFixed(2)} ms of processor each`,
      measured.failures === 0 ? "" : `${measured.failures} failed`,
    );
  }
}

async function runOrigin(folder: string): Promise<void> {
  const authority = await makeCertificateAuthority("origin", systemClock);
  const leaf = await authority.issue(parseHost(HOST));
  await writeFile(join(folder, "origin.pem"), authority.certificatePem);
  const server = createHttpsServer(
    { key: leaf.keyPem, cert: leaf.certificatePem, keepAliveTimeout: 60_000 },
    (_, response) => {
      response.setHeader("Content-Length", BODY.length);
      response.end(BODY);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(String((server.address() as AddressInfo).port));
}

async function runProxy(folder: string, originPort: number): Promise<void> {
  const authority = await makeCertificateAuthority("bench-abcde", systemClock);
  await writeFile(join(folder, "proxy.pem"), authority.certificatePem);
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const route = {
    host: HOST,
    ports: [originPort],
    matches: [{ paths: [{ type: "prefix", value: "/small" }], methods: ["GET"], headers: [] }],
    auth: { scheme: "Bearer", tokenRef: { kind: "env", variable: "TOKEN" } },
    inboundCredentials: "strip",
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: "bench.md", line: 1 },
  } as const;
  const routes = [{ route, credential: new SecretValue("TOKEN", "sk-bench-0123456789abcdef") }];
  openEgress(
    {
      listeners: [listener],
      loaded: [],
      known: [{ name: "TOKEN", value: "sk-bench-0123456789abcdef" }],
      supervisor: { attended: false, ask: async () => ({ kind: "not-asked" }), isApproved: () => false },
      policy: {
        routes,
        resolve: [{ name: HOST, address: "127.0.0.1", port: originPort }],
        extraCaPem: await readFile(join(folder, "origin.pem"), "utf8"),
        upstreamProxy: undefined,
        log: "requests",
        limits: {
          connections: 512,
          headTimeoutMs: 5000,
          idleTimeoutMs: 60_000,
          maxHeadBytes: 65_536,
          maxBodyBytes: undefined,
          connectTimeoutMs: 5000,
        },
      },
      compiled: compilePolicy({ routes }),
      authority,
      trust: makeUpstreamTrust(await readFile(join(folder, "origin.pem"), "utf8")),
      journal: () => {},
      clock: systemClock,
      onBug: (error) => console.error(error),
    },
    new Scope(),
  );
  console.log(String((listener.address() as AddressInfo).port));
}
