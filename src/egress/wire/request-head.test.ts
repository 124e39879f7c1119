import fc from "fast-check";
import { expect, test } from "vitest";
import { Malformed } from "./malformed.ts";
import { parseRequestHead } from "./request-head.ts";
import { parseResponseHead } from "./response-head.ts";

const GOOD =
  "POST http://a.example.com:8080/p/q?x=1 HTTP/1.1\r\nHost: a.example.com:8080\r\nContent-Length: 3\r\nX-Y:  z \r\nConnection: keep-alive";

function parse(text: string) {
  try {
    return parseRequestHead(text);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

test("reads a plain head", () => {
  expect(parseRequestHead(GOOD)).toMatchObject({
    method: "POST",
    target: {
      kind: "absolute",
      authority: { host: { kind: "name", text: "a.example.com" }, port: 8080 },
      path: "/p/q",
      query: "x=1",
    },
    version: "1.1",
    host: "a.example.com:8080",
    framing: { kind: "length", bytes: 3 },
    keepAlive: true,
    upgrade: undefined,
    expectsContinue: false,
  });
});

test("CONNECT may come without Host, never with another", () => {
  expect(parse("CONNECT a.example.com:443 HTTP/1.0")?.target.kind).toBe("connect");
  expect(parse("CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com")).toBeDefined();
  expect(parse("CONNECT a.example.com:443 HTTP/1.1\r\nHost: b.example.com:443")).toBeUndefined();
  expect(parse("CONNECT a.example.com HTTP/1.1\r\nHost: a.example.com")).toBeUndefined();
  expect(parse("CONNECT a.example.com:443 HTTP/1.1\r\nContent-Length: 1")).toBeUndefined();
});

test("any one byte changed is read or refused, never a crash, and what is read has one host, one length and no line end inside", () => {
  fc.assert(
    fc.property(fc.nat(GOOD.length - 1), fc.nat(255), fc.boolean(), (at, byte, insert) => {
      const text = GOOD.slice(0, at) + String.fromCharCode(byte) + GOOD.slice(insert ? at : at + 1);
      const head = parse(text);
      if (head === undefined) return;
      const names = head.fields.map((field) => field.lower);
      for (const name of ["host", "content-length", "transfer-encoding"]) {
        expect(names.filter((other) => other === name).length).toBeLessThanOrEqual(1);
      }
      for (const field of head.fields) expect(`${field.name}${field.value}`).not.toMatch(/[\r\n\0]/);
    }),
    { numRuns: 3000 },
  );
});

test("any text is read or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      parse(text);
      parse(`GET / HTTP/1.1\r\nHost: a\r\n${text}`);
    }),
  );
});

test("two lengths never get through, in whatever order and spelling", () => {
  const name = fc.constantFrom("Content-Length", "content-length", "CONTENT-LENGTH");
  const other = fc.constantFrom(
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "transfer-encoding:chunked",
    "TRANSFER-ENCODING: \tchunked",
  );
  fc.assert(
    fc.property(name, other, fc.boolean(), (length, second, swap) => {
      const lines = [`${length}: 5`, second];
      expect(parse(`POST / HTTP/1.1\r\nHost: a\r\n${(swap ? lines.reverse() : lines).join("\r\n")}`)).toBeUndefined();
    }),
  );
});

test("responses: what has no body has none, whatever its headers say", () => {
  const text = (status: number) => `HTTP/1.1 ${status} X\r\nContent-Length: 5`;
  for (const status of [100, 101, 204, 304])
    expect(parseResponseHead(text(status), false).framing).toEqual({ kind: "none" });
  expect(parseResponseHead(text(200), true).framing).toEqual({ kind: "none" });
  expect(parseResponseHead(text(200), false).framing).toEqual({ kind: "length", bytes: 5 });
  expect(parseResponseHead("HTTP/1.1 200", false).framing).toEqual({ kind: "until-close" });
  expect(() => parseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", false)).toThrow(
    Malformed,
  );
});
