import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { systemIds } from "../../src/base/ids.ts";
import { Scope } from "../../src/base/scope.ts";
import { callControl } from "../../src/supervise/call-control.ts";
import { renderControl } from "../../src/supervise/control-message.ts";
import { type HoldQueue, makeHoldQueue } from "../../src/supervise/hold-queue.ts";
import { serveControl } from "../../src/supervise/serve-control.ts";
import { readAll } from "./egress/harness.ts";

let folder: string;
let scope: Scope;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bottle-control-"));
  scope = new Scope();
});
afterEach(async () => {
  await scope.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(path: string): Promise<HoldQueue> {
  const queue = makeHoldQueue({
    ...{ attended: true, clock: systemClock, ids: systemIds, waitMs: 60_000, journal: () => {} },
  });
  scope.defer("queue", () => queue.close());
  await serveControl(path, queue, scope);
  return queue;
}

const QUESTION = {
  kind: "git-finding",
  ...{ title: "push to main", about: { repository: "app" }, scope: "app", covers: "pushes to app" },
  findings: [{ detector: "github-token", place: "src/key.ts:3", excerpt: "ghp_…", digest: "d" }],
} as const;

describe.each([
  ["a short path", "control.sock"],
  ["a path longer than the address of a socket", `${"deep-folder-with-a-name/".repeat(6)}control.sock`],
])("the control socket at %s", (_, name) => {
  let path: string;
  beforeEach(() => {
    path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
  });

  test("is its owner's alone, answers, and is gone with its scope", async () => {
    const queue = await serve(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await callControl(path, { kind: "list" })).toEqual({ kind: "holds", holds: [] });
    const asked = queue.ask(QUESTION, new AbortController().signal);
    const reply = await callControl(path, { kind: "list" });
    const [hold] = reply?.kind === "holds" ? reply.holds : [];
    expect(hold).toMatchObject({ title: "push to main", findings: [{ place: "src/key.ts:3" }] });
    const answer = { kind: "answer", id: hold?.id ?? "", answer: { kind: "approve" }, by: "me" } as const;
    expect(await callControl(path, answer)).toEqual({ kind: "answered" });
    expect(await asked).toEqual({ kind: "approved" });
    expect(await callControl(path, answer)).toEqual({ kind: "not-waiting" });
    await scope.close();
    expect(existsSync(path)).toBe(false);
    expect(await callControl(path, { kind: "list" })).toBeUndefined();
  });
});

describe("whoever speaks to it", () => {
  async function say(path: string, text: string): Promise<string> {
    const socket = connect(path);
    await once(socket, "connect");
    socket.write(text);
    return readAll(socket);
  }

  test("is told what is wrong, cut off when it says too much, and is no reason to answer nobody else", async () => {
    const path = join(folder, "control.sock");
    await serve(path);
    expect(await say(path, "no json\n")).toContain('"kind":"refused"');
    expect(await say(path, '{"version":9,"kind":"list"}\n')).toContain("this warden speaks version 1");
    expect(await say(path, "x".repeat(300 * 1024))).toBe("");
    const silent = await Promise.all(
      Array.from({ length: 15 }, async () => {
        const socket = connect(path);
        await once(socket, "connect");
        return socket;
      }),
    );
    expect(await callControl(path, { kind: "list" })).toMatchObject({ kind: "holds" });
    const [last] = silent;
    last?.write(renderControl({ kind: "list" }));
    expect(last && (await readAll(last))).toContain('"kind":"holds"');
    for (const socket of silent) socket.destroy();
  });

  test("a bottle that was started by another version says so", async () => {
    const path = join(folder, "control.sock");
    const { createServer } = await import("node:net");
    const server = createServer((socket) => socket.end('{"version":2,"kind":"holds","holds":[]}\n'));
    scope.defer("server", () => void server.close());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(callControl(path, { kind: "list" })).rejects.toMatchObject({ code: "bottle/not-answering" });
  });
});
