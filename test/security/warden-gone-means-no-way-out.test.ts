import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "../../src/backends/local/wait-until.ts";
import { parseSlug } from "../../src/base/ids.ts";
import { Scope } from "../../src/base/scope.ts";
import { makeTrustEnvironment } from "../../src/egress/authority/trust-environment.ts";
import { LINK_PORTS } from "../../src/plan/link-ports.ts";
import { makeTestPolicy, openGuardedBottle } from "../fixtures/guarded-bottle.ts";
import { makeTestFolder, openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";
import { startWarden, type WardenProcess } from "../fixtures/warden-process.ts";
import {
  BEARER,
  makeRoute,
  type Origin,
  openHttpsOrigin,
  pin,
  TOKEN,
  withCredential,
} from "../socket/egress/harness.ts";

const HOST = "api.example.test";
const NO_WAY_OUT = { proxy: "ECONNREFUSED", internet: "ENETUNREACH", origin: "ECONNREFUSED" };

/** Dials everything that could still lead out; the proxy's own port first. */
const DIAL = `
const dial = (host, port) => new Promise((resolve) => require("node:net").connect({ host, port, timeout: 3000 })
  .on("connect", () => resolve("connected")).on("timeout", () => resolve("timeout")).on("error", (error) => resolve(error.code)));
(async () => console.log(JSON.stringify({
  proxy: await dial("127.0.0.1", ${LINK_PORTS.egress}),
  internet: await dial("1.1.1.1", 443),
  origin: await dial("127.0.0.1", Number(process.argv[1])),
})))();`;

let scope: Scope;
let origin: Origin;
let streaming: (() => void)[];

beforeEach(async () => {
  scope = new Scope();
  streaming = [];
  origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    if (request.url !== "/stream") return response.end(`hello ${request.headers.authorization === `Bearer ${TOKEN}`}`);
    response.write("first\n");
    response.on("close", () => {
      for (const tell of streaming) tell();
    });
    return undefined;
  });
});
afterEach(() => scope.close());

const policyOf = () =>
  makeTestPolicy({ routes: [withCredential(makeRoute(HOST, { auth: BEARER }))], resolve: [pin(HOST, origin)] });

type Guarded = {
  readonly warden: WardenProcess;
  readonly bottle: TestBottle;
  readonly env: ReadonlyMap<string, string>;
};

async function openWithProcess(): Promise<Guarded> {
  const folder = await makeTestFolder();
  const slug = parseSlug("guarded-00000") ?? expect.fail();
  const paths = { journal: join(folder, "journal.jsonl"), control: join(folder, "control.sock") };
  const egress = await policyOf();
  const warden = startWarden({ slug, ...paths, attended: false, egress, git: undefined, hidden: [] });
  scope.defer("warden", async () => {
    warden.child.kill("SIGKILL");
    await warden.ended;
  });
  const ready = await warden.next();
  if (ready.kind !== "ready") throw new Error(JSON.stringify(ready));
  const { certificatePem } = ready;
  const facts = {
    certificatePem,
    certificateDer: Buffer.alloc(0),
    proxyPort: LINK_PORTS.egress,
    folder: "/etc/bot-bottle",
  };
  const trust = makeTrustEnvironment(facts);
  const bottle = await openTestBottle({ folder, link: ["egress"], etc: trust.files });
  scope.defer("bottle", () => bottle.close());
  await warden.serve(bottle.guest.listeners);
  expect(await warden.next()).toEqual({ kind: "serving" });
  return { warden, bottle, env: new Map(trust.env) };
}

async function dialAll(bottle: TestBottle): Promise<unknown> {
  const { stdout, stderr } = await bottle.run(["node", "-e", DIAL, String(origin.port)]);
  return stderr === "" ? JSON.parse(stdout) : stderr;
}

describe(`as ${WHO}: a bottle whose warden is gone has no way out`, () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const)("the warden's process ends by %s", async (signal) => {
    const { warden, bottle, env } = await openWithProcess();
    const good = await bottle.run(["curl", "-sS", `https://${HOST}/`], { env });
    expect(good).toMatchObject({ stdout: "hello true", stderr: "" });
    const cwd = bottle.spec.layout.workspace;
    const open = await bottle.guest.exec({
      argv: ["curl", "-sSN", `https://${HOST}/stream`],
      ...{ env, cwd, terminal: undefined },
    });
    if (open.kind !== "pipes") throw new Error("pipes were asked for");
    const lines = createInterface({ input: open.stdout });
    expect(await new Promise((resolve) => lines.once("line", resolve))).toBe("first");
    const cut = new Promise<void>((resolve) => streaming.push(resolve));

    process.kill(warden.pid, signal);
    expect(await warden.ended).toBe(signal === "SIGKILL" ? "SIGKILL" : 0);
    await cut; // what was open is over on both sides
    expect(await open.exit).not.toEqual({ kind: "code", code: 0 });
    const later = await bottle.run(["curl", "-sS", `https://${HOST}/`], { env });
    expect(later.stdout).toBe("");
    expect(later.exit).toEqual({ kind: "code", code: 7 }); // curl: the proxy cannot be connected to
    expect(await dialAll(bottle)).toEqual(NO_WAY_OUT);
    expect(origin.seen).toEqual(["GET /", "GET /stream"]);
  });

  test("the process that started it is gone", async () => {
    const { warden, bottle } = await openWithProcess();
    warden.child.disconnect();
    expect(await warden.ended).toBe(0);
    expect(await dialAll(bottle)).toEqual(NO_WAY_OUT);
  });

  test("its journal cannot be written any more", async () => {
    const guarded = await openGuardedBottle(await policyOf());
    scope.defer("guarded", () => guarded.close());
    expect(await guarded.run(["curl", "-sS", `https://${HOST}/`])).toMatchObject({ stdout: "hello true" });
    await appendFile(guarded.journalPath, "somebody else's line\n");
    await guarded.run(["curl", "-sS", "https://elsewhere.example.test/"]); // its event cannot be written
    expect(await waitUntil(() => guarded.journal.failure.aborted, 5000)).toBe(true);
    expect(
      await waitUntil(() => Object.values(guarded.bottle.guest.listeners).every((one) => !one.listening), 5000),
    ).toBe(true);
    expect(await dialAll(guarded.bottle)).toEqual(NO_WAY_OUT);
    expect(origin.seen).toEqual(["GET /"]);
  });
});

describe(`as ${WHO}: what makes a process a warden`, () => {
  test("its secrets are in no argument, no variable and no file", async () => {
    const { warden, bottle } = await openWithProcess();
    for (const name of ["cmdline", "environ"]) {
      expect(await readFile(`/proc/${warden.pid}/${name}`, "latin1")).not.toContain(TOKEN);
    }
    const found = await bottle.run(["true"]);
    expect(found.exit).toEqual({ kind: "code", code: 0 });
    expect(await readFile(join(bottle.folder, "journal.jsonl"), "utf8").catch(() => "")).not.toContain(TOKEN);
  });

  test.each([
    ["nothing", ""],
    ["an empty one", "{}"],
    ["one that was cut short", `{"slug":"a-00000","journal":"${TOKEN}"`],
    ["one without routes", JSON.stringify({ slug: "a-00000", journal: TOKEN, git: undefined, hidden: [], egress: {} })],
  ])("a message that is not whole starts nothing: %s", async (_what, message) => {
    const warden = startWarden(message);
    const failed = await warden.next();
    expect(failed).toMatchObject({ kind: "failed", code: "launch/failed" });
    expect(JSON.stringify(failed)).not.toContain(TOKEN);
    expect(await warden.ended).toBe(1);
  });
});
