import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { openGuardedBottle } from "../fixtures/guarded-bottle.ts";
import { WHO } from "../fixtures/local-bottle.ts";
import { searchMemory } from "../fixtures/search-memory.ts";
import { BEARER, makeRoute, openHttpsOrigin, pin, withCredential } from "../socket/egress/harness.ts";

// Not one literal: the text must not be found in this file's own memory by chance.
const TOKEN = ["sk", "planted", process.pid, "Zq8/+x", "0123456789"].join("-");
/** Put together by the command itself, so that a search of its memory which finds nothing would show. */
const CONTROL = ["control", process.pid, "abcdef"].join("-");

const ASK = `
const { execFileSync } = require("node:child_process");
const control = process.env.PART_ONE + "-" + process.env.PART_TWO;
fetchAll().catch((error) => { console.log(error.stack); process.exit(1); });
async function fetchAll() {
  const echoed = execFileSync("curl", ["-sS", "-H", "authorization: Bearer placeholder", "https://api.example.test/echo"]).toString();
  const refused = execFileSync("curl", ["-sS", "https://elsewhere.example.test/"]).toString();
  const routes = execFileSync("curl", ["-sS", "http://_egress.local/"]).toString();
  globalThis.kept = [echoed, refused, routes, Buffer.from(control)];
  console.log(JSON.stringify({ echoed, refused, routes }));
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}`;

test(`as ${WHO}: a route's credential reaches its server, and nothing inside or beside the bottle`, async () => {
  const scope = new Scope();
  const seen: (string | undefined)[] = [];
  const origin = await openHttpsOrigin(scope, "api.example.test", (request, response) => {
    seen.push(request.headers.authorization);
    response.setHeader("x-echo", String(request.headers.authorization));
    response.end(`you sent ${request.headers.authorization}`);
  });
  const guarded = await openGuardedBottle({
    routes: [withCredential(makeRoute("api.example.test", { auth: BEARER }), TOKEN)],
    resolve: [pin("api.example.test", origin)],
  });
  try {
    const { bottle } = guarded;
    const [one = "", two = "", three = ""] = CONTROL.split("-");
    const script = 'exec node -e "$0"';
    const env = new Map([...guarded.env, ["PART_ONE", one], ["PART_TWO", `${two}-${three}`]] as const);
    const cwd = bottle.spec.layout.workspace;
    const running = await bottle.guest.exec({ argv: ["sh", "-c", script, ASK], env, cwd, terminal: undefined });
    if (running.kind !== "pipes") throw new Error("pipes were asked for");
    const line = await new Promise<string>((resolve) =>
      createInterface({ input: running.stdout })
        .once("line", resolve)
        .once("close", () => resolve("ended")),
    );
    expect(seen).toEqual([`Bearer ${TOKEN}`]);
    const said: unknown = JSON.parse(line);
    expect(said).toMatchObject({
      echoed: `you sent Bearer ${"*".repeat(TOKEN.length)}`,
      refused: expect.stringContaining("egress/host-not-allowed"),
      routes: expect.stringContaining("added outside"),
    });
    expect(line).not.toContain(TOKEN);

    const inside = findInside(`/proc/${process.pid}/ns/net`);
    expect(inside.length).toBeGreaterThanOrEqual(1);
    const memories = inside.map((pid) => searchMemory(pid, [TOKEN, CONTROL]));
    expect(memories.flatMap((found) => found.filter((text) => text === TOKEN))).toEqual([]);
    expect(memories.some((found) => found.includes(CONTROL))).toBe(true); // the search finds what is there
    for (const pid of inside) expect(readText(`/proc/${pid}/environ`).includes(TOKEN)).toBe(false);
    for (const pid of pids()) expect(readText(`/proc/${pid}/cmdline`).includes(TOKEN)).toBe(false);
    for (const path of filesBelow(bottle.folder)) expect([path, readText(path).includes(TOKEN)]).toEqual([path, false]);
    const events = (await guarded.readEvents()).join("\n");
    expect(events).toContain("egress-request");
    expect(events).not.toContain(TOKEN);
    running.stdin.end();
    expect(await running.exit).toEqual({ kind: "code", code: 0 });
  } finally {
    await guarded.close();
    await scope.close();
  }
});

/** Processes of the bottle: they carry its mark or live in another network than this one. */
function findInside(ownNetwork: string): readonly number[] {
  const own = statSync(ownNetwork).ino;
  return pids().filter((pid) => {
    try {
      return statSync(`/proc/${pid}/ns/net`).ino !== own && readText(`/proc/${pid}/cmdline`).includes("PART_ONE");
    } catch {
      return false; // gone meanwhile, or another user's
    }
  });
}

function pids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone meanwhile, or another user's
  }
}
