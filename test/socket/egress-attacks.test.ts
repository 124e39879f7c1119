import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { startProcess } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { makeCertificateAuthority } from "../../src/egress/authority/certificate-authority.ts";
import { parseHost } from "../../src/egress/wire/host.ts";
import {
  BEARER,
  connectTlsTunnel,
  connectTunnel,
  LIMITS,
  listen,
  makeRoute,
  type Origin,
  openHttpOrigin,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  readAll,
  sendRaw,
  sendTls,
  TOKEN,
  until,
  type World,
  withCredential,
} from "./egress/harness.ts";

let scope: Scope;

beforeEach(() => {
  scope = new Scope();
});

afterEach(async () => {
  await scope.close();
});

/** The refusal's code in an answer, whatever surrounds it. */
function codeOf(answer: string): string | undefined {
  return /"code":"([^"]+)"/.exec(answer)?.[1];
}

async function readLine(stream: Readable): Promise<string> {
  let text = "";
  for await (const bytes of stream) {
    text += String(bytes);
    if (text.includes("\n")) break;
  }
  return text;
}

const GET = (host: string, path = "/", more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;

describe("heads that two programs could read differently are refused, and nothing is contacted", () => {
  const cases: Record<string, string> = {
    "two Host headers": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nHost: b.example.com\r\n\r\n",
    "no Host header": "GET http://a.example.com/ HTTP/1.1\r\n\r\n",
    "a malformed Host": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com/x\r\n\r\n",
    "user information": "GET http://a.example.com@b.example.com/ HTTP/1.1\r\nHost: b.example.com\r\n\r\n",
    "a trailing dot": "GET http://a.example.com./ HTTP/1.1\r\nHost: a.example.com.\r\n\r\n",
    "an octal address": "GET http://0177.0.0.1/ HTTP/1.1\r\nHost: 0177.0.0.1\r\n\r\n",
    "a short address": "GET http://127.1/ HTTP/1.1\r\nHost: 127.1\r\n\r\n",
    "a decimal address": "GET http://2130706433/ HTTP/1.1\r\nHost: 2130706433\r\n\r\n",
    "a hexadecimal address": "GET http://0x7f.0.0.1/ HTTP/1.1\r\nHost: 0x7f.0.0.1\r\n\r\n",
    "an IPv4-mapped address": "GET http://[::ffff:127.0.0.1]/ HTTP/1.1\r\nHost: [::ffff:127.0.0.1]\r\n\r\n",
    "an IPv4-mapped address in hexadecimal": "GET http://[::ffff:7f00:1]/ HTTP/1.1\r\nHost: [::ffff:7f00:1]\r\n\r\n",
    "a zoned address": "GET http://[fe80::1%25eth0]/ HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n",
    "a name beyond ASCII": "GET http://a.ex\xe4mple.com/ HTTP/1.1\r\nHost: a.ex\xe4mple.com\r\n\r\n",
    "both lengths":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a signed length": "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: +3\r\n\r\nabc",
    "an empty transfer encoding":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding:\r\n\r\n",
    "an odd transfer encoding":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "two transfer encodings":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: identity, chunked\r\n\r\n",
    "bare line feeds": "GET http://a.example.com/ HTTP/1.1\nHost: a.example.com\n\n",
    "one bare line feed": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\nX: y\r\n\r\n",
    "a bare carriage return": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: y\rZ: w\r\n\r\n",
    "a folded line": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: y\r\n z\r\n\r\n",
    "a blank before the colon": "GET http://a.example.com/ HTTP/1.1\r\nHost : a.example.com\r\n\r\n",
    "a control character": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: a\0b\r\n\r\n",
    "a head that is too long": `GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: ${"y".repeat(70_000)}\r\n\r\n`,
    "a Host that differs": "GET http://a.example.com/ HTTP/1.1\r\nHost: b.example.com\r\nConnection: close\r\n\r\n",
    "https asked in absolute form": "GET https://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "HTTP/2 without TLS": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade to h2c":
      "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n",
    "a connection header that removes another":
      "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nConnection: X-Forwarded-For\r\n\r\n",
    "an upgrade to something unknown":
      "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    "a control character in a name": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX\x01Y: z\r\n\r\n",
    "a delete character in a value": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: a\x7fb\r\n\r\n",
    "a name that is empty": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n: z\r\n\r\n",
    "a list of lengths":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3, 3\r\n\r\nabc",
    "chunks for HTTP/1.0":
      "POST http://a.example.com/ HTTP/1.0\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a version of its own": "GET http://a.example.com/ HTTP/1.2\r\nHost: a.example.com\r\n\r\n",
    "two blanks in the first line": "GET  http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "the asterisk for a method that has none": "GET * HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "an unknown expectation": "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nExpect: magic\r\n\r\n",
    "a request for another host without naming it": "GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "a chunk size with a sign":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
    "a chunk size that is empty":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n",
    "a chunk size with a blank":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n",
    "a chunk extension":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\n\r\n",
    "a chunk size that overflows":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n100000001\r\na\r\n0\r\n\r\n",
    "an empty length": "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length:\r\n\r\nabc",
    "two lines of transfer encodings":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a control character in the target": "GET http://a.example.com/a\0b HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "an escape in the host": "GET http://a%2eexample.com/ HTTP/1.1\r\nHost: a%2eexample.com\r\n\r\n",
    "CONNECT with user information": "CONNECT x@a.example.com:80 HTTP/1.1\r\nHost: a.example.com:80\r\n\r\n",
    "CONNECT without a port": "CONNECT a.example.com HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
    "CONNECT whose Host differs": "CONNECT a.example.com:80 HTTP/1.1\r\nHost: b.example.com:80\r\n\r\n",
    "a chunk that ends in a bare line feed":
      "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
  };
  for (const [name, text] of Object.entries(cases)) {
    test(name, async () => {
      const origin = await openHttpOrigin(scope, (request, response) => {
        request.resume();
        request.on("end", () => response.end("reached"));
      });
      const world = await openWorld(scope, {
        routes: [plain(makeRoute("*.example.com", { ports: [80] }))],
        resolve: [pin("a.example.com", origin), pin("b.example.com", origin)],
        limits: { ...LIMITS, idleTimeoutMs: 3_000 },
      });
      const answer = await sendRaw(world.port, text);
      expect(codeOf(answer)).toMatch(/^egress\//);
      expect(answer).toMatch(/^HTTP\/1\.1 4/);
      expect(answer).not.toContain("reached");
      await until("one event", () => world.events.filter((event) => event.kind === "egress-refusal").length === 1);
      if (!name.includes("chunk")) expect(origin.seen).toEqual([]);
      expect(world.bugs).toEqual([]);
    });
  }

  test("a plain request passes, so that the cases above can fail", async () => {
    const origin = await openHttpOrigin(scope, (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("*.example.com", { ports: [80] }))],
      resolve: [pin("a.example.com", origin)],
    });
    expect(await sendRaw(world.port, GET("a.example.com").replace("GET /", "GET http://a.example.com/"))).toContain(
      "reached",
    );
  });
});

describe("names must agree", () => {
  async function open(): Promise<{ world: World; origin: Origin }> {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com")), plain(makeRoute("b.example.com"))],
      resolve: [pin("a.example.com", origin), pin("b.example.com", origin)],
    });
    return { world, origin };
  }

  test("all three the same: passes", async () => {
    const { world } = await open();
    expect(await sendTls(world, "a.example.com:443", GET("a.example.com"))).toContain("reached");
  });

  test("another Host inside the tunnel", async () => {
    const { world, origin } = await open();
    const answer = await sendTls(world, "a.example.com:443", GET("b.example.com"));
    expect(answer).toMatch(/^HTTP\/1\.1 421/);
    expect(codeOf(answer)).toBe("egress/name-mismatch");
    expect(origin.seen).toEqual([]);
  });

  test("another name in the TLS handshake", async () => {
    const { world, origin } = await open();
    const answer = await sendTls(world, "a.example.com:443", GET("a.example.com"), "b.example.com");
    expect(codeOf(answer)).toBe("egress/name-mismatch");
    expect(origin.seen).toEqual([]);
  });

  test("no name in the TLS handshake", async () => {
    const { world, origin } = await open();
    expect(codeOf(await sendTls(world, "a.example.com:443", GET("a.example.com"), ""))).toBe("egress/name-mismatch");
    expect(origin.seen).toEqual([]);
  });

  test("another port in Host", async () => {
    const { world } = await open();
    expect(codeOf(await sendTls(world, "a.example.com:443", GET("a.example.com:8443")))).toBe("egress/name-mismatch");
  });

  test("the second request of a connection is held to the same names", async () => {
    const { world, origin } = await open();
    const first = "GET /1 HTTP/1.1\r\nHost: a.example.com\r\n\r\n";
    const answer = await sendTls(world, "a.example.com:443", `${first}${GET("b.example.com", "/2")}`);
    expect(answer).toContain("reached");
    expect(codeOf(answer)).toBe("egress/name-mismatch");
    expect(origin.seen).toEqual(["GET /1"]);
  });

  test("CONNECT inside a tunnel", async () => {
    const { world } = await open();
    const text = "CONNECT b.example.com:443 HTTP/1.1\r\nHost: b.example.com:443\r\nConnection: close\r\n\r\n";
    expect(codeOf(await sendTls(world, "a.example.com:443", text))).toBe("egress/connect-in-tunnel");
  });

  test("an absolute URL inside a tunnel", async () => {
    const { world } = await open();
    const text = GET("a.example.com").replace("GET /", "GET http://a.example.com/");
    expect(codeOf(await sendTls(world, "a.example.com:443", text))).toBe("egress/bad-request");
  });
});

describe("HTTP/2", () => {
  async function shakeHands(protocols: readonly string[]): Promise<string | false | null> {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
    });
    const { socket } = await connectTunnel(world.port, "a.example.com:443");
    const ca = world.ca.certificatePem;
    const tls = connectTls({ socket, servername: "a.example.com", ca, ALPNProtocols: [...protocols] });
    scope.defer("tls", () => void tls.destroy());
    await once(tls, "secureConnect");
    return tls.alpnProtocol;
  }

  test("a client that speaks both is told to speak HTTP/1.1", async () => {
    expect(await shakeHands(["h2", "http/1.1"])).toBe("http/1.1");
  });

  test("a client that speaks nothing else gets no connection", async () => {
    await expect(shakeHands(["h2"])).rejects.toThrow(/ALPN|ECONNRESET|alert/i);
  });
});

describe("what is not a route", () => {
  test("CONNECT to another host is refused inside, and one event is written", async () => {
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    const answer = await sendTls(world, "evil.example.net:443", GET("evil.example.net", "/steal?key=abc"));
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
    expect(codeOf(answer)).toBe("egress/host-not-allowed");
    expect(world.events).toEqual([
      expect.objectContaining({
        kind: "egress-refusal",
        code: "egress/host-not-allowed",
        host: "evil.example.net",
        path: "/steal",
      }),
    ]);
  });

  test("CONNECT to an address", async () => {
    const origin = await openHttpsOrigin(scope, "127.0.0.1", (_, response) => response.end("reached"));
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    const host = `127.0.0.1:${origin.port}`;
    expect(codeOf(await sendTls(world, host, GET(host), ""))).toBe("egress/host-not-allowed");
    expect(origin.seen).toEqual([]);
  });

  test("CONNECT to another port of an allowed host", async () => {
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    expect(codeOf(await sendTls(world, "a.example.com:22", GET("a.example.com:22")))).toBe("egress/port-not-allowed");
  });

  test("absolute form to an allowed name on a refused port", async () => {
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    const text = GET("a.example.com:8080").replace("GET /", "GET http://a.example.com:8080/");
    expect(codeOf(await sendRaw(world.port, text))).toBe("egress/port-not-allowed");
  });

  test("a tunnel that carries something else than TLS", async () => {
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    const { socket } = await connectTunnel(world.port, "a.example.com:443");
    socket.write("SSH-2.0-OpenSSH_9.2\r\n");
    expect(codeOf(await readAll(socket))).toBe("egress/plaintext");
    const early = await sendRaw(
      world.port,
      "CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com:443\r\n\r\nSSH-2.0-x\r\n",
    );
    expect(early).toMatch(/^HTTP\/1\.1 403/);
    expect(codeOf(early)).toBe("egress/plaintext");
  });

  test("git push over HTTPS", async () => {
    const origin = await openHttpsOrigin(scope, "git.example.com", (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("git.example.com", { git: { fetch: true } }))],
      resolve: [pin("git.example.com", origin)],
    });
    for (const path of [
      "/r.git/info/refs?service=git-receive-pack",
      "/r.git/info/refs?x=1&service=git%2Dreceive%2dpack",
      "/r.git/info/%72efs?service=%67it-receive-pack",
    ]) {
      expect(codeOf(await sendTls(world, "git.example.com:443", GET("git.example.com", path)))).toBe("egress/git-push");
    }
    for (const path of ["/r.git/git-receive-pack", "/r.git//git-receive-pack/", "/r.git/git%2dreceive-pack;x"]) {
      const text = `POST ${path} HTTP/1.1\r\nHost: git.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      expect(codeOf(await sendTls(world, "git.example.com:443", text))).toBe("egress/git-push");
    }
    expect(origin.seen).toEqual([]);
  });
});

describe("credentials", () => {
  test("never over plaintext", async () => {
    const origin = await openHttpOrigin(scope, (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute("a.example.com", { auth: BEARER, ports: [80, 443] }))],
      resolve: [pin("a.example.com", origin)],
    });
    for (const host of ["a.example.com", "a.example.com:443"]) {
      const text = GET(host).replace("GET /", `GET http://${host}/`);
      expect(codeOf(await sendRaw(world.port, text))).toBe("egress/plaintext");
    }
    const { socket } = await connectTunnel(world.port, "a.example.com:80");
    socket.write(GET("a.example.com"));
    expect(codeOf(await readAll(socket))).toBe("egress/plaintext");
    expect(origin.seen).toEqual([]);
  });

  test("an attacker's own key does not ride on an allowed host", async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const origin = await openHttpsOrigin(scope, "a.example.com", (request, response) => {
      headers = request.headers;
      response.end();
    });
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute("a.example.com", { auth: BEARER }))],
      resolve: [pin("a.example.com", origin)],
    });
    const own =
      "Authorization: Bearer evil\r\nX-Api-Key: evil\r\nCookie: s=evil\r\nProxy-Authorization: Basic evil\r\nX-Keep: yes\r\n";
    await sendTls(
      world,
      "a.example.com:443",
      GET("a.example.com", "/?a=1&access%5ftoken=evil&X-Amz-Signature=s%2Fig", own),
    );
    expect(JSON.stringify(headers)).not.toContain("evil");
    expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, "x-keep": "yes" });
    expect(origin.seen).toEqual(["GET /?a=1&X-Amz-Signature=s%2Fig"]);
  });

  test("without auth a credential is refused by name, unless the route lets it pass", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (request, response) =>
      response.end(request.headers.authorization),
    );
    const resolve = [pin("a.example.com", origin)];
    const text = GET("a.example.com", "/", "Authorization: Bearer mine\r\n");
    const strict = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))], resolve });
    const refused = await sendTls(strict, "a.example.com:443", text);
    expect(codeOf(refused)).toBe("egress/credential-in-request");
    expect(refused).toContain("authorization");
    expect(refused).not.toContain("mine");
    const open = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com", { inboundCredentials: "pass" }))],
      resolve,
    });
    expect(await sendTls(open, "a.example.com:443", text)).toContain("Bearer mine");
  });

  test("an echo is masked in headers and body, also when it is cut, chunked or packed", async () => {
    const { gzipSync } = await import("node:zlib");
    const origin = await openHttpsOrigin(scope, "a.example.com", (request, response) => {
      const value = String(request.headers.authorization);
      response.setHeader("X-Echo", value);
      if (request.url === "/gzip") {
        response.setHeader("Content-Encoding", "gzip");
        return response.end(gzipSync(`packed ${value} end`));
      }
      if (request.url === "/zstd") {
        response.setHeader("Content-Encoding", "zstd");
        return response.end(`packed ${value} end`);
      }
      response.write(`cut ${value.slice(0, 20)}`);
      return setImmediate(() => response.end(`${value.slice(20)} and ${Buffer.from(TOKEN).toString("base64")} end`));
    });
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute("a.example.com", { auth: BEARER }))],
      resolve: [pin("a.example.com", origin)],
    });
    for (const path of ["/cut", "/gzip"]) {
      const answer = await sendTls(world, "a.example.com:443", GET("a.example.com", path));
      expect(answer).not.toContain(TOKEN);
      expect(answer).not.toContain(TOKEN.slice(0, 16));
      expect(answer).not.toContain(Buffer.from(TOKEN).toString("base64"));
      expect(answer).toContain("end");
      expect(answer).toContain("***");
    }
    expect(codeOf(await sendTls(world, "a.example.com:443", GET("a.example.com", "/zstd")))).toBe(
      "egress/upstream-broken",
    );
  });

  test("no event, refusal or page shows one", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end());
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute("a.example.com", { auth: BEARER }))],
      resolve: [pin("a.example.com", origin)],
    });
    await sendTls(world, "a.example.com:443", GET("a.example.com", `/${TOKEN.slice(0, 25)}?q=${TOKEN}`));
    const page = await sendRaw(world.port, GET("_egress.local").replace("GET /", "GET http://_egress.local/"));
    expect(page).toContain('"host":"a.example.com"');
    expect(page).not.toContain("TOKEN");
    await until("an event", () => world.events.length > 0);
    expect(JSON.stringify([world.events, page, world.egress.stats()])).not.toContain(TOKEN.slice(0, 16));
  });

  test("are not sent to a server with a wrong or self-signed certificate", async () => {
    const stranger = await makeCertificateAuthority("stranger", systemClock);
    const leaf = await stranger.issue(parseHost("a.example.com"));
    let bytes = 0;
    const selfSigned = createTlsServer({ key: leaf.keyPem, cert: leaf.certificatePem }, (socket) => {
      socket.on("data", (piece) => {
        bytes += piece.length;
      });
      socket.on("error", () => {});
    });
    const wrongName = await openHttpsOrigin(scope, "other.example.com", (_, response) => response.end("reached"));
    const port = await listen(selfSigned, scope);
    for (const origin of [{ port }, wrongName]) {
      const world = await openWorld(scope, {
        routes: [withCredential(makeRoute("a.example.com", { auth: BEARER }))],
        resolve: [pin("a.example.com", origin)],
      });
      const answer = await sendTls(world, "a.example.com:443", GET("a.example.com"));
      expect(answer).toMatch(/^HTTP\/1\.1 502/);
      expect(codeOf(answer)).toBe("egress/upstream-untrusted");
    }
    expect(bytes).toBe(0);
    expect(wrongName.seen).toEqual([]);
  });
});

describe("addresses", () => {
  test("a name that resolves to a private address", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end("reached"));
    for (const address of [
      "127.0.0.1",
      "10.0.0.1",
      "169.254.169.254",
      "::1",
      "fe80::1",
      "fd00::1",
      "::ffff:127.0.0.1",
      "64:ff9b::7f00:1",
    ]) {
      const world = await openWorld(
        scope,
        { routes: [plain(makeRoute("a.example.com", { ports: [origin.port] }))] },
        { lookup: async () => [address] },
      );
      const host = `a.example.com:${origin.port}`;
      expect(codeOf(await sendTls(world, host, GET(host)))).toBe("egress/private-address");
    }
    expect(origin.seen).toEqual([]);
  });

  test("a name that does so only the second time: what was checked is dialled, and every connection checks again", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) =>
      response.setHeader("Connection", "close").end("reached"),
    );
    // The loopback stands for the public internet, which a test must not dial.
    const answers = ["127.0.0.1", "169.254.169.254", "127.0.0.1"];
    let asked = 0;
    const world = await openWorld(
      scope,
      { routes: [plain(makeRoute("a.example.com", { ports: [origin.port], allowPrivate: true }))] },
      { lookup: async () => answers.slice(asked, ++asked) },
    );
    const host = `a.example.com:${origin.port}`;
    expect(await sendTls(world, host, GET(host))).toContain("reached");
    expect(asked).toBe(1);
    expect(codeOf(await sendTls(world, host, GET(host)))).toBe("egress/private-address");
    expect(asked).toBe(2);
    expect(origin.seen).toHaveLength(1);
    expect(await sendTls(world, host, GET(host))).toContain("reached");
    expect(world.bugs).toEqual([]);
  });

  test("allow_private opens the loopback, never link-local", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end("reached"));
    const host = `a.example.com:${origin.port}`;
    const routes = [plain(makeRoute("a.example.com", { ports: [origin.port], allowPrivate: true }))];
    const open = await openWorld(scope, { routes }, { lookup: async () => ["169.254.1.1", "127.0.0.1"] });
    expect(await sendTls(open, host, GET(host))).toContain("reached");
    const metadata = await openWorld(scope, { routes }, { lookup: async () => ["169.254.169.254"] });
    expect(codeOf(await sendTls(metadata, host, GET(host)))).toBe("egress/private-address");
  });

  test("an address that a route names is verified by its certificate like a name", async () => {
    const good = await openHttpsOrigin(scope, "127.0.0.1", (_, response) => response.end("reached"));
    const bad = await openHttpsOrigin(scope, "127.0.0.2", (_, response) => response.end("reached"));
    const routes = [plain(makeRoute("127.0.0.1", { ports: [good.port, bad.port], allowPrivate: true }))];
    const world = await openWorld(scope, { routes });
    const ask = (port: number) => sendTls(world, `127.0.0.1:${port}`, GET(`127.0.0.1:${port}`), "");
    expect(await ask(good.port)).toContain("reached");
    expect(codeOf(await ask(bad.port))).toBe("egress/upstream-untrusted");
  });

  test("a redirect to a private address is passed on, not followed", async () => {
    const inner = await openHttpOrigin(scope, (_, response) => response.end("inner"));
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) =>
      response.writeHead(302, { Location: `http://127.0.0.1:${inner.port}/` }).end(),
    );
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
    });
    expect(await sendTls(world, "a.example.com:443", GET("a.example.com"))).toMatch(/^HTTP\/1\.1 302/);
    const next = GET(`127.0.0.1:${inner.port}`).replace("GET /", `GET http://127.0.0.1:${inner.port}/`);
    expect(codeOf(await sendRaw(world.port, next))).toBe("egress/host-not-allowed");
    expect(inner.seen).toEqual([]);
  });
});

describe("peers that misbehave", () => {
  test("a head that never ends is cut off", async () => {
    const world = await openWorld(scope, { limits: { ...LIMITS, headTimeoutMs: 200 } });
    const socket = connect(world.port, "127.0.0.1");
    await once(socket, "connect");
    const drip = setInterval(() => socket.writable && socket.write("X"), 20);
    await readAll(socket);
    clearInterval(drip);
    await until("no client", () => world.egress.stats().clients === 0);
  });

  test("a tunnel in which nothing comes is cut off", async () => {
    const world = await openWorld(scope, { limits: { ...LIMITS, headTimeoutMs: 200 } });
    const { socket } = await connectTunnel(world.port, "a.example.com:443");
    await readAll(socket);
    await until("no client", () => world.egress.stats().clients === 0);
    const half = await connectTunnel(world.port, "a.example.com:443");
    half.socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await readAll(half.socket);
    await until("no client", () => world.egress.stats().clients === 0);
  });

  test("a kept connection on which nothing more comes is let go, and so is one whose body stops", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.end("reached"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
      limits: { ...LIMITS, idleTimeoutMs: 200 },
    });
    const kept = await connectTlsTunnel(world, "a.example.com:443");
    kept.write("GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n");
    expect(await readAll(kept)).toContain("reached");
    const stopped = await connectTlsTunnel(world, "a.example.com:443");
    stopped.write("POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 100\r\n\r\nsome");
    expect(await readAll(stopped)).not.toContain("reached");
    await until("no client", () => world.egress.stats().clients === 0);
    expect(origin.seen).toEqual(["GET /"]);
  });

  test("a client that breaks its TLS in the middle is let go", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.write("begin"));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
    });
    const { socket } = await connectTunnel(world.port, "a.example.com:443");
    const tls = connectTls({ socket, servername: "a.example.com", ca: world.ca.certificatePem });
    tls.on("error", () => {});
    await once(tls, "secureConnect");
    tls.write(GET("a.example.com"));
    await once(tls, "data");
    socket.write(Buffer.alloc(64, 0x17));
    await until("nothing is left", () => world.egress.stats().clients === 0 && world.egress.stats().upstreams === 0);
    expect(world.bugs).toEqual([]);
  });

  test("a server that stays silent is answered for, and let go", async () => {
    const silent = createServer(() => {});
    const port = await listen(silent, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com", { ports: [80] }))],
      resolve: [pin("a.example.com", { port })],
      limits: { ...LIMITS, idleTimeoutMs: 200 },
    });
    const answer = await sendRaw(world.port, GET("a.example.com").replace("GET /", "GET http://a.example.com/"));
    expect(answer).toMatch(/^HTTP\/1\.1 504/);
    await until("no upstream", () => world.egress.stats().upstreams === 0);
  });

  test("a server whose TLS handshake never comes is answered for", async () => {
    const silent = createServer(() => {});
    const port = await listen(silent, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", { port })],
      limits: { ...LIMITS, connectTimeoutMs: 200 },
    });
    const answer = await sendTls(world, "a.example.com:443", GET("a.example.com"));
    expect(codeOf(answer)).toBe("egress/upstream-timeout");
  });

  test("a client that leaves takes its upstream connection along", async () => {
    let open = 0;
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => {
      open++;
      response.on("close", () => open--);
      response.write("begin");
    });
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
    });
    const tls = await connectTlsTunnel(world, "a.example.com:443");
    tls.write(GET("a.example.com"));
    await once(tls, "data");
    expect(open).toBe(1);
    tls.destroy();
    await until("upstream closed", () => open === 0 && world.egress.stats().upstreams === 0);
    expect(world.bugs).toEqual([]);
  });

  test("a server that sends nonsense", async () => {
    for (const nonsense of [
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\nX: y\n\n",
    ]) {
      const odd = createServer((socket) => socket.once("data", () => socket.end(nonsense)));
      const port = await listen(odd, scope);
      const world = await openWorld(scope, {
        routes: [plain(makeRoute("a.example.com", { ports: [80] }))],
        resolve: [pin("a.example.com", { port })],
      });
      const answer = await sendRaw(world.port, GET("a.example.com").replace("GET /", "GET http://a.example.com/"));
      expect(codeOf(answer)).toBe("egress/upstream-broken");
    }
  });

  test("too many connections are refused, and the bottle recovers", async () => {
    const world = await openWorld(scope, { limits: { ...LIMITS, connections: 3 } });
    const sockets = [1, 2, 3].map(() => connect(world.port, "127.0.0.1"));
    await until("three clients", () => world.egress.stats().clients === 3);
    expect(codeOf(await sendRaw(world.port, ""))).toBe("egress/too-many-connections");
    for (const socket of sockets) socket.destroy();
    await until("no client", () => world.egress.stats().clients === 0);
    expect(await sendRaw(world.port, GET("_egress.local"))).toMatch(/^HTTP\/1\.1 200/);
  });

  test("10,000 hosts neither fill the memory nor the journal", async () => {
    const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
    let refused = 0;
    let issued = 0;
    const ask = async (index: number) => {
      const name = `h${index}.evil.example.net:443`;
      const { socket, answer } = await connectTunnel(world.port, name);
      if (codeOf(answer) === "egress/too-many-hosts") refused++;
      else if (answer.startsWith("HTTP/1.1 200")) issued++;
      socket.destroy();
    };
    for (let index = 0; index < 10_000; index += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, offset) => ask(index + offset)));
    }
    expect(refused + issued).toBe(10_000);
    expect(refused).toBeGreaterThan(5_000);
    expect(world.egress.stats().leaves).toBeLessThanOrEqual(256);
    expect(world.events.length).toBeLessThan(2_000);
    await until("no client", () => world.egress.stats().clients === 0);
  });

  test("a killed process takes every connection along, and nobody answers in its place", async () => {
    const file = join(import.meta.dirname, "egress", "process.ts");
    const argv: [string, ...string[]] = [process.execPath, "--import", "tsx", file];
    const child = startProcess(argv, { env: process.env, stdio: ["ignore", "pipe", "ignore"] });
    scope.defer("child", () => void child.kill("SIGKILL"));
    if (child.stdout === null) throw new Error("no output");
    const { port } = JSON.parse(await readLine(child.stdout));
    const { socket, answer } = await connectTunnel(port, "a.example.com:443");
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    const gone = Promise.all([once(socket, "close"), once(child, "exit")]);
    child.kill("SIGKILL");
    await gone;
    const refused = connect(port, "127.0.0.1");
    const [error] = await once(refused, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("closing the scope ends every connection at once", async () => {
    const origin = await openHttpsOrigin(scope, "a.example.com", (_, response) => response.write("begin"));
    const inner = new Scope();
    const world = await openWorld(inner, {
      routes: [plain(makeRoute("a.example.com"))],
      resolve: [pin("a.example.com", origin)],
    });
    const tls = await connectTlsTunnel(world, "a.example.com:443");
    tls.write(GET("a.example.com"));
    await once(tls, "data");
    const closed = once(tls, "close");
    await inner.close();
    await closed;
    const refused = connect(world.port, "127.0.0.1");
    const [error] = await once(refused, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });
});
