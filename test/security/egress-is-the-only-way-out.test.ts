import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { type GuardedBottle, openGuardedBottle } from "../fixtures/guarded-bottle.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";
import { BEARER, listen, makeRoute, openHttpsOrigin, pin, plain, withCredential } from "../socket/egress/harness.ts";

const PROBE = `
const net = require("node:net"), os = require("node:os"), dns = require("node:dns"), fs = require("node:fs");
const dial = (options) => new Promise((resolve) => {
  const socket = net.connect({ timeout: 3000, ...options }, () => { socket.destroy(); resolve("connected"); });
  socket.on("error", (error) => resolve(error.code));
  socket.on("timeout", () => { socket.destroy(); resolve("timeout"); });
});
const listening = (file) => fs.readFileSync(file, "utf8").trim().split("\\n").slice(1).map((line) => line.trim().split(/\\s+/))
  .filter((fields) => fields[3] === "0A").map((fields) => fields[1]);
(async () => {
  const [, port, abstract] = process.argv;
  console.log(JSON.stringify({
    interfaces: Object.keys(os.networkInterfaces()),
    routes: fs.readFileSync("/proc/net/route", "utf8").trim().split("\\n").length - 1,
    listening: [...listening("/proc/net/tcp"), ...listening("/proc/net/tcp6")],
    proxy: await dial({ host: "127.0.0.1", port: 9099 }),
    git: await dial({ host: "127.0.0.1", port: 9420 }),
    supervise: await dial({ host: "127.0.0.1", port: 9100 }),
    internet: await dial({ host: "1.1.1.1", port: 443 }),
    internet6: await dial({ host: "2606:4700:4700::1111", port: 443 }),
    metadata: await dial({ host: "169.254.169.254", port: 80 }),
    name: await dns.promises.lookup("example.com").then(() => "resolved", (error) => error.code),
    resolver: await new dns.promises.Resolver({ timeout: 500, tries: 1 }).resolve4("example.com").then(() => "resolved", (error) => error.code),
    hostLoopback: await dial({ host: "127.0.0.1", port: Number(port) }),
    hostAbstract: await dial({ path: "\\0" + abstract }),
  }));
})();`;

/** Tries to answer in the warden's place, also with the option that lets sockets share a port. */
const TAKE_OVER = `
import errno, socket
for address in ("127.0.0.1", "0.0.0.0"):
    for option in (None, socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        s = socket.socket()
        if option is not None: s.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            s.bind((address, 9099)); s.listen(); print("taken")
        except OSError as error:
            print(errno.errorcode[error.errno])`;

const scope = new Scope();
const seen: string[] = [];
let one: GuardedBottle;
let other: GuardedBottle;
let host: Server;
let hostPort = 0;
const abstractName = `bottle-egress-${process.pid}`;
let hostConnections = 0;

beforeAll(async () => {
  host = createServer((socket) => {
    hostConnections++;
    socket.destroy();
  });
  hostPort = await listen(host, scope);
  const abstract = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => abstract.listen(`\0${abstractName}`, () => resolve()));
  scope.defer("abstract socket", () => void abstract.close());
  const origin = await openHttpsOrigin(scope, "one.example.test", (request, response) => {
    seen.push(String(request.headers.authorization));
    response.end("reached");
  });
  const resolve = [pin("one.example.test", origin)];
  one = await openGuardedBottle({ routes: [withCredential(makeRoute("one.example.test", { auth: BEARER }))], resolve });
  scope.defer("one", () => one.close());
  other = await openGuardedBottle({ routes: [plain(makeRoute("two.example.test"))], resolve });
  scope.defer("other", () => other.close());
});
afterAll(() => scope.close());

describe(`as ${WHO}: with egress on`, () => {
  test("one address answers inside, and everything else is as unreachable as without", async () => {
    const { stdout, stderr } = await one.run(["node", "-e", PROBE, String(hostPort), abstractName]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      interfaces: ["lo"],
      routes: 0,
      listening: ["0100007F:238B"],
      proxy: "connected",
      git: "ECONNREFUSED",
      supervise: "ECONNREFUSED",
      internet: "ENETUNREACH",
      internet6: "ENETUNREACH",
      metadata: "ENETUNREACH",
      name: expect.stringMatching(/^(EAI_AGAIN|ENOTFOUND)$/),
      resolver: expect.stringMatching(/^(ECONNREFUSED|ETIMEOUT|ENOTFOUND)$/),
      hostLoopback: "ECONNREFUSED",
      hostAbstract: "ECONNREFUSED",
    });
  });

  test.each([
    ["the host's loopback by address", () => `127.0.0.1:${hostPort}`],
    ["the host's loopback by name", () => `localhost:${hostPort}`],
    ["the host's loopback over IPv6", () => `[::1]:${hostPort}`],
    ["the metadata service", () => "169.254.169.254:80"],
    ["an address on the internet", () => "1.1.1.1:443"],
    ["the warden itself", () => "127.0.0.1:9099"],
  ])("the proxy leads nowhere that no route names: %s", async (_what, target) => {
    const before = hostConnections;
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://${target()}/`;
      const { stdout } = await one.run(["curl", "-sSk", "--noproxy", "", "-x", "http://127.0.0.1:9099", url]);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: "egress/host-not-allowed" } });
    }
    expect(hostConnections).toBe(before);
  });

  test("nothing inside can answer in the warden's place", async () => {
    const { stdout, stderr } = await one.run(["python3", "-c", TAKE_OVER]);
    expect(stderr).toBe("");
    expect([...new Set(stdout.trim().split("\n"))]).toEqual(["EADDRINUSE"]);
  });

  test("a bottle has its own proxy and no other's: neither its routes nor its credentials", async () => {
    const own = await one.run(["curl", "-sS", "https://one.example.test/"]);
    expect(own.stdout).toBe("reached");
    const foreign = await other.run(["curl", "-sS", "https://one.example.test/"]);
    expect(JSON.parse(foreign.stdout)).toMatchObject({ error: { code: "egress/host-not-allowed" } });
    expect(seen).toHaveLength(1);
    const without = await openTestBottle();
    try {
      const argv = ["curl", "-sS", "-x", "http://127.0.0.1:9099", "https://one.example.test/"];
      expect((await without.run(argv)).exit).toEqual({ kind: "code", code: 7 });
    } finally {
      await without.close();
    }
    expect(seen).toHaveLength(1);
  });
});
