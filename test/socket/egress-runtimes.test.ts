import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { clientEnvironment } from "./egress/client-environment.ts";
import {
  BEARER,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  TOKEN,
  type World,
  withCredential,
} from "./egress/harness.ts";
import { findProxyNode } from "./egress/proxy-node.ts";

let scope: Scope;
let folder: string;
let world: World;
let seen: (string | undefined)[];

beforeEach(async () => {
  scope = new Scope();
  folder = await mkdtemp(join(tmpdir(), "egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  seen = [];
  const origin = await openHttpsOrigin(scope, "api.example.com", (request, response) => {
    seen.push(request.headers.authorization);
    response.end("content");
  });
  world = await openWorld(scope, {
    routes: [withCredential(makeRoute("api.example.com", { auth: BEARER }))],
    resolve: [pin("api.example.com", origin)],
  });
});

afterEach(async () => {
  await scope.close();
});

/** Runs a script that prints status and body of an allowed and of a refused request, and checks both ends. */
async function expectBothAnswers(argv: readonly [string, ...string[]]): Promise<void> {
  const env = await clientEnvironment(world, folder);
  const ran = await run(argv, { env });
  expect(ran).toMatchObject({ stderr: "", exit: { kind: "code", code: 0 } });
  const [allowed, refused = ""] = ran.stdout.toString().split("\n");
  expect(allowed).toBe("200 content");
  expect(refused).toMatch(/^403 \{/);
  expect(JSON.parse(refused.slice(4))).toMatchObject({
    error: { code: "egress/host-not-allowed", message: "evil.example.net is not allowed" },
  });
  expect(seen).toEqual([`Bearer ${TOKEN}`]);
  expect(ran.stdout.toString()).not.toContain(TOKEN);
  expect(JSON.stringify(env)).not.toContain(TOKEN);
  const refusals = world.events.filter((event) => event.kind === "egress-refusal");
  expect(refusals).toMatchObject([{ code: "egress/host-not-allowed" }]);
  expect(world.bugs).toEqual([]);
}

test("Python's requests gets an answer with the credential added outside, and a readable refusal", async () => {
  const script = `
import requests
for host in ("api.example.com", "evil.example.net"):
    answer = requests.get(f"https://{host}/", timeout=20)
    print(answer.status_code, answer.text.strip())
`;
  await expectBothAnswers(["/usr/bin/python3", "-c", script]);
});

test("Node's fetch does, where it reads the proxy variables", { timeout: 180_000 }, async ({ skip }) => {
  const node = await findProxyNode().catch((error: unknown) => {
    if (process.env["CI"] === "true") throw error;
    return skip(`no Node that reads the proxy variables: ${String(error)}`);
  });
  const script = `
for (const host of ["api.example.com", "evil.example.net"]) {
  const answer = await fetch("https://" + host + "/");
  console.log(answer.status, (await answer.text()).trim());
}`;
  await expectBothAnswers([node, "--input-type=module", "-e", script]);
});
