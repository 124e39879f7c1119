import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { makeTemporaryFolder } from "../../src/base/files.ts";
import { readHolder } from "../../src/base/holder.ts";
import { parseSlug } from "../../src/base/ids.ts";
import type { Scope } from "../../src/base/scope.ts";
import type { EgressPolicy } from "../../src/egress/policy.ts";
import { openJournal } from "../../src/journal/open-journal.ts";
import { redactNothing } from "../../src/journal/redact.ts";
import { parseHostPattern } from "../../src/manifest/host-pattern.ts";
import { resolveRoute } from "../../src/manifest/resolve-route.ts";
import { egress, type WrittenEgress } from "../../src/manifest/written/egress.ts";
import { openWarden } from "../../src/warden/serve.ts";

type WrittenRoute = NonNullable<WrittenEgress["routes"]>[number];

/** A bottle's way out, served by a real warden. */
export type BottleProxy = { readonly port: number; readonly certificatePem: string };

const LIMITS: EgressPolicy["limits"] = {
  connections: 64,
  headTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  maxHeadBytes: 65_536,
  maxBodyBytes: undefined,
  holdTimeoutMs: 60_000,
  connectTimeoutMs: 5_000,
};

/**
 * The routes that a careless operator would write to reach a host: everything below its domain, with the agent's own
 * credentials let through, so that screening alone stands between a secret and the host. Every detector is on.
 */
export function routesFor(host: string): readonly WrittenRoute[] {
  const name = host.toLowerCase();
  const labels = name.split(".");
  const isName = labels.length > 2 && /[a-z]/.test(labels.at(-1) ?? "");
  const pattern = isName ? `*.${labels.slice(-2).join(".")}` : name;
  if (parseHostPattern(pattern).kind !== "host") return []; // no manifest can name it
  return [
    {
      host: pattern,
      ports: [80, 443],
      inbound_credentials: "pass",
      dlp: {
        outbound_detectors: ["known", "tokens", "payment", "entropy"],
        outbound_on_match: "block",
        inbound_detectors: ["injection"],
        inbound_on_match: "block",
      },
    },
  ];
}

/** Serves routes as a start would, on a port of the loopback, until the scope closes. */
export async function openBottle(
  routes: readonly WrittenRoute[],
  resolve: EgressPolicy["resolve"],
  extraCaPem: string,
  scope: Scope,
): Promise<BottleProxy> {
  const slug = parseSlug("eval-00000");
  if (slug === undefined) throw new Error("no slug");
  const folder = await makeTemporaryFolder("bottle-eval-");
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  const journal = await openJournal(
    { path: join(folder, "journal.jsonl"), slug, clock: systemClock, redact: redactNothing },
    scope,
  );
  const { routes: checked = [] } = egress.parse({ routes });
  const policy: EgressPolicy = {
    routes: checked.map((route) => ({
      route: resolveRoute(route, { path: "egress.routes", file: "eval.md", line: 1, column: 1 }, folder),
      credential: undefined,
    })),
    resolve,
    extraCaPem,
    upstreamProxy: undefined,
    log: "requests",
    limits: LIMITS,
  };
  const warden = await openWarden(
    {
      spec: {
        slug,
        control: join(folder, "control.sock"),
        egress: policy,
        git: undefined,
        hidden: [],
        attended: false,
      },
      journal,
      clock: systemClock,
      holder: await readHolder(process.pid),
    },
    scope,
  );
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  warden.serve({ egress: listener });
  return { port, certificatePem: warden.certificatePem };
}
