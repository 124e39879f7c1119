import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEngine } from "../../../images/engine.ts";
import { askSocket, parseAnswer } from "./ask-socket.ts";
import { findSocket } from "./find-socket.ts";

let folder: string;
let server: Server;
let answer: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bottle-socket-"));
  await writeFile(join(folder, "docker"), "#!/bin/sh\n");
  await chmod(join(folder, "docker"), 0o755);
  server = createServer((connection) => {
    connection.once("data", (head) => connection.end(String(head).startsWith("GET /info ") ? answer : "what?"));
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "sock"), resolve));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = (env: Readonly<Record<string, string>>) => {
  const all = { PATH: folder, HOME: folder, DOCKER_HOST: `unix://${folder}/sock`, ...env };
  return askSocket(openEngine(all, () => Promise.reject(new Error("nothing is to be run"))));
};

test("an engine at a socket of this machine is asked itself", async () => {
  const info = '{"ServerVersion":"1"}';
  answer = `HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n\r\n${info}`;
  expect(await ask({})).toEqual({ path: join(folder, "sock"), info, version: "1.41" });
});

test.each([
  ["another command", { BOTTLE_DOCKER: "podman" }],
  ["no command", { PATH: "/nowhere" }],
  ["a context that is not there", { DOCKER_HOST: "", DOCKER_CONTEXT: "other" }],
  ["an engine elsewhere", { DOCKER_HOST: "ssh://other" }],
  ["an engine over TCP", { DOCKER_HOST: "tcp://127.0.0.1:2375" }],
  ["nobody at the socket", { DOCKER_HOST: "unix:///nowhere/sock" }],
])("%s leaves it to the command", async (_what, env) => {
  expect(await ask(env)).toBeUndefined();
});

test("a context in the command's own settings leaves it to the command, as settings do that cannot be read", async () => {
  for (const text of ['{"currentContext":"other"}', "broken"]) {
    await writeFile(join(folder, "config.json"), text);
    expect(await ask({ DOCKER_HOST: "", DOCKER_CONFIG: folder })).toBeUndefined();
  }
});

test("a context is followed where it leads to a socket of this machine, and DOCKER_HOST comes before it", async () => {
  const keep = (name: string, host: string) => {
    const place = join(folder, "contexts/meta", createHash("sha256").update(name).digest("hex"));
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  };
  keep("near", `unix://${folder}/near`);
  keep("far", "tcp://192.0.2.1:2376");
  await writeFile(join(folder, "config.json"), JSON.stringify({ currentContext: "near" }));
  const find = (env: Readonly<Record<string, string>>) => {
    const all = { PATH: folder, HOME: "/nowhere", DOCKER_CONFIG: folder, ...env };
    return findSocket(openEngine(all, () => Promise.reject(new Error("nothing is to be run"))));
  };
  expect(await find({})).toBe(`${folder}/near`);
  expect(await find({ DOCKER_CONTEXT: "default" })).toBe("/var/run/docker.sock");
  expect(await find({ DOCKER_CONTEXT: "far" })).toBeUndefined();
  expect(await find({ DOCKER_HOST: "unix:///other", DOCKER_CONTEXT: "far" })).toBe("/other");
});

test("an answer that says no is none", async () => {
  answer = "HTTP/1.0 500 Internal Server Error\r\n\r\n{}";
  expect(await ask({})).toBeUndefined();
  expect(parseAnswer("")).toBeUndefined();
  expect(parseAnswer("HTTP/1.1 200 OK\r\n\r\nApi-Version: 1.41")).toEqual({
    info: "Api-Version: 1.41",
    version: undefined,
  });
});
