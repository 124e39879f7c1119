import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isEngineGone } from "../../../images/engine.ts";
import { chooseVersion, openEngineSocket } from "./engine-socket.ts";

let folder: string;
let server: Server;
const asked: string[] = [];
const answer = async (version: string, listener: RequestListener) => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "sock"), resolve));
  return openEngineSocket(join(folder, "sock"), version);
};
beforeEach(async () => {
  asked.length = 0;
  folder = await mkdtemp(join(tmpdir(), "bottle-socket-"));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

test("an engine is spoken to in the newest language that both know", async () => {
  expect([chooseVersion("1.41"), chooseVersion("1.99"), chooseVersion("2.0")]).toEqual(["/v1.41", "/v1.47", "/v1.47"]);
  expect(() => chooseVersion("undefined")).toThrow("does not say which language");
  const socket = await answer("1.41", (_request, response) => response.writeHead(409).end("{}"));
  expect(await socket.ask("POST", "/x", { a: 1 })).toEqual({ status: 409, text: "{}" });
  expect(asked).toEqual(["POST /v1.41/x"]);
});

test("what says no says why, and what is not there is nothing", async () => {
  const socket = await answer("1.41", ({ url }, response) => {
    response.writeHead(url?.endsWith("gone") === true ? 404 : 500).end('{"message":"no space left on device"}');
  });
  expect(await socket.read("/gone")).toBeUndefined();
  const refusal = { code: "image/engine-failed", hint: expect.stringContaining("make room") };
  await expect(socket.read("/full")).rejects.toMatchObject(refusal);
  await expect(socket.open("/full")).rejects.toMatchObject(refusal);
});

test("an engine that is gone is known as that", async () => {
  const socket = await answer("1.41", (request) => request.socket.destroy());
  for (const tried of [socket.ask("GET", "/x"), socket.open("/x")]) {
    expect(isEngineGone(await tried.catch((error: unknown) => error))).toBe(true);
  }
  const nobody = openEngineSocket(join(folder, "other"), "1.41").ask("GET", "/x");
  expect(isEngineGone(await nobody.catch((error: unknown) => error))).toBe(true);
});
