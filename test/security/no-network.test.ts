import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

const PROBE = `
const net = require("node:net"), os = require("node:os"), dns = require("node:dns"), fs = require("node:fs");
const dial = (options) => new Promise((resolve) => {
  const socket = net.connect({ timeout: 3000, ...options }, () => { socket.destroy(); resolve("connected"); });
  socket.on("error", (error) => resolve(error.code));
  socket.on("timeout", () => { socket.destroy(); resolve("timeout"); });
});
(async () => {
  const [, port, abstract] = process.argv;
  console.log(JSON.stringify({
    interfaces: Object.keys(os.networkInterfaces()),
    devices: fs.readFileSync("/proc/net/dev", "utf8").trim().split("\\n").slice(2).map((line) => line.split(":")[0].trim()),
    routes: fs.readFileSync("/proc/net/route", "utf8").trim().split("\\n").length - 1,
    internet: await dial({ host: "1.1.1.1", port: 443 }),
    internet6: await dial({ host: "2606:4700:4700::1111", port: 443 }),
    metadata: await dial({ host: "169.254.169.254", port: 80 }),
    name: await dns.promises.lookup("example.com").then(() => "resolved", (error) => error.code),
    hostLoopback: await dial({ host: "127.0.0.1", port: Number(port) }),
    hostLoopback6: await dial({ host: "::1", port: Number(port) }),
    hostAbstract: await dial({ path: "\\0" + abstract }),
  }));
})();
`;

describe(`as ${WHO}: a bottle has no network`, () => {
  let bottle: TestBottle;
  const server = createServer((socket) => socket.destroy());
  const abstract = createServer((socket) => socket.destroy());
  const name = `bottle-test-${process.pid}`;
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, () => resolve()));
    await new Promise<void>((resolve) => abstract.listen(`\0${name}`, () => resolve()));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
    bottle = await openTestBottle();
  });
  afterAll(async () => {
    await bottle.close();
    server.close();
    abstract.close();
  });

  test("nothing but its own loopback, no way to the host or out", async () => {
    const { stdout, stderr } = await bottle.run(["node", "-e", PROBE, String(port), name]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      interfaces: ["lo"],
      devices: ["lo"],
      routes: 0,
      internet: "ENETUNREACH",
      internet6: "ENETUNREACH",
      metadata: "ENETUNREACH",
      name: expect.stringMatching(/^(EAI_AGAIN|ENOTFOUND)$/),
      hostLoopback: "ECONNREFUSED",
      hostLoopback6: "ECONNREFUSED",
      hostAbstract: "ECONNREFUSED",
    });
  });

  test("its own loopback works", async () => {
    const script = `const s = require("node:net").createServer((c) => c.end("hello")).listen(0, "127.0.0.1", () =>
      require("node:net").connect(s.address().port, "127.0.0.1").on("data", (d) => { console.log(String(d)); process.exit(); }));`;
    expect((await bottle.run(["node", "-e", script])).stdout).toBe("hello\n");
  });
});
