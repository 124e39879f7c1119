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
import { bundle } from "./egress/bundle.ts";
import { type Contender, processorTime, startMitmproxy, startRole, startSquid } from "./egress/contenders.ts";
import { type Load, type Measured, runLoad, type Target } from "./egress/load.ts";
import { printMemory } from "./egress/memory.ts";
import { sourceText } from "./egress/source-text.ts";

/**
 * Small requests and large bodies over TLS: straight, through this proxy, through mitmproxy and through squid, in one run on one
 * machine; then the memory of this proxy over many requests.
 * `npx tsx bench/egress.ts [seconds of each] [requests for the memory]`; compare the ratios, not the numbers.
 */
const HOST = "localhost";
const BODY = `${"x".repeat(1000)}END`;
const UPLOAD_BYTES = 1024 * 1024;
/** Below what the slowest contender can do, so that times are those of a request and not of a queue */
const RATE = 200;
const TOKENS = ["known", "tokens"];
/** The best one is told: what else the machine does makes every one slower, never faster */
const ROUNDS = 3;

const [role = "4", ...rest] = process.argv.slice(2);
if (role === "origin") await runOrigin(rest[0] ?? "");
else if (role === "proxy") await runProxy(rest[0] ?? "", Number(rest[1]), rest[2] === "tokens" ? TOKENS : []);
else await runBench(Number(role) * 1000, Number(rest[0] ?? 100_000));

type Result = { readonly name: string; readonly measured: Measured; readonly cpuMs: number };

async function runBench(ms: number, requests: number): Promise<void> {
  await using scope = new Scope();
  const folder = await mkdtemp(join(tmpdir(), "bench-egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  const program = await bundle(import.meta.filename, folder);
  const { port: originPort, pid: originPid } = await startRole(scope, program, ["origin", folder]);
  const originCa = join(folder, "origin.pem");
  const startProxy = async (name: string, screen: string): Promise<Contender> => {
    const started = await startRole(scope, program, ["proxy", folder, String(originPort), screen]);
    return { name, ...started, ca: await readFile(join(folder, `${screen}.pem`), "utf8") };
  };
  const setting = { folder, originCa, originPort };
  const ours = await startProxy("bot-bottle", "tokens");
  const knownOnly = await startProxy("… own values only", "known");
  const peers = [await startMitmproxy(scope, setting), await startSquid(scope, setting)].flatMap((one) => one ?? []);
  const direct: Target = { host: HOST, port: originPort, proxyPort: undefined, ca: await readFile(originCa, "utf8") };
  const through = ({ name, pid, port, ca }: Contender) => ({ name, pid, target: { ...direct, proxyPort: port, ca } });
  const targets = [{ name: "straight", target: direct, pid: originPid }, ...[ours, ...peers].map(through)];
  const measure = async (target: (typeof targets)[number], load: Load): Promise<Result> => {
    await runLoad(target.target, load); // until everything is compiled
    const rounds: Result[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = await processorTime(target.pid);
      const measured = await runLoad(target.target, load);
      const asked = (measured.perSecond * ms) / 1000;
      rounds.push({ name: target.name, measured, cpuMs: ((await processorTime(target.pid)) - before) / asked });
    }
    return rounds.reduce((best, one) => (one.measured.medianMs < best.measured.medianMs ? one : best));
  };
  for (const [what, load] of [
    ["64 kept connections", { connections: 64, keepAlive: true, ms }],
    [`64 kept connections, ${RATE} requests/s in all`, { connections: 64, keepAlive: true, ms, rate: RATE }],
    ["one kept connection", { connections: 1, keepAlive: true, ms }],
    ["a new connection each, 8 at once", { connections: 8, keepAlive: false, ms }],
  ] as const) {
    const results: Result[] = [];
    for (const target of targets) results.push(await measure(target, load));
    print(what, results);
  }
  const body = await sourceText(UPLOAD_BYTES);
  const uploads: Result[] = [];
  for (const target of [...targets, through(knownOnly)])
    uploads.push(await measure(target, { connections: 2, keepAlive: true, ms, body }));
  printUploads(uploads);
  await printMemory(through(ours).target, ours.pid, requests);
  if (peers.length < 2)
    console.log("\nnot installed: some of mitmproxy, squid-openssl (apt-get install mitmproxy squid-openssl)");
}

function print(what: string, results: readonly Result[]): void {
  const straight = results[0]?.measured;
  const rival = results.find((result) => result.name === "mitmproxy")?.measured;
  console.log(`\n${what}`);
  for (const { name, measured, cpuMs } of results) {
    const added = (ours: number, theirs: number | undefined) => `+${(ours - (theirs ?? 0)).toFixed(2)} ms`.padStart(11);
    console.log(
      name.padEnd(18),
      `${Math.round(measured.perSecond)}/s`.padStart(9),
      `median ${added(measured.medianMs, straight?.medianMs)}`,
      `p99 ${added(measured.p99Ms, straight?.p99Ms)}`,
      rival === undefined ? "" : `${(measured.perSecond / rival.perSecond).toFixed(1)} × mitmproxy`.padStart(18),
      `${cpuMs.toFixed(2)} ms of processor each`,
      measured.failures === 0 ? "" : `${measured.failures} failed`,
    );
  }
}

function printUploads(results: readonly Result[]): void {
  console.log("\nbodies of 1 MiB of text, 2 kept connections");
  for (const { name, measured, cpuMs } of results) {
    const rate = (measured.perSecond * UPLOAD_BYTES) / 1e6;
    const failed = measured.failures === 0 ? "" : `${measured.failures} failed`;
    console.log(
      name.padEnd(18),
      `${rate.toFixed(1)} MB/s`.padStart(11),
      `${cpuMs.toFixed(1)} ms of processor each`,
      failed,
    );
  }
}

async function runOrigin(folder: string): Promise<void> {
  const authority = await makeCertificateAuthority("origin", systemClock);
  const leaf = await authority.issue(parseHost(HOST));
  await writeFile(join(folder, "origin.pem"), authority.certificatePem);
  const server = createHttpsServer(
    { key: leaf.keyPem, cert: leaf.certificatePem, keepAliveTimeout: 60_000 },
    (request, response) => {
      request.resume();
      request.on("end", () => response.setHeader("Content-Length", BODY.length).end(BODY));
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(String((server.address() as AddressInfo).port));
}

async function runProxy(folder: string, originPort: number, detectors: readonly string[]): Promise<void> {
  const authority = await makeCertificateAuthority("bench-abcde", systemClock);
  await writeFile(join(folder, `${detectors.length === 0 ? "known" : "tokens"}.pem`), authority.certificatePem);
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const route = {
    host: HOST,
    ports: [originPort],
    matches: [{ paths: [{ type: "prefix", value: "/small" }], methods: ["GET", "POST"], headers: [] }],
    auth: { scheme: "Bearer", tokenRef: { kind: "env", variable: "TOKEN" } },
    inboundCredentials: "strip",
    git: { fetch: false },
    dlp: {
      outboundDetectors: detectors,
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
          holdTimeoutMs: 60_000,
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
