import { randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { connectTunnel, makeRoute, openWorld, plain } from "./egress/harness.ts";

/** Encrypted ClientHello, RFC 9849 */
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
const HANDSHAKE = 0x16;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_HELLO_DONE = 14;

let scope: Scope;

beforeEach(() => {
  scope = new Scope();
});

afterEach(async () => {
  await scope.close();
});

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function withLength(...parts: readonly Buffer[]): Buffer {
  const all = Buffer.concat(parts);
  return Buffer.concat([uint16(all.length), all]);
}

function extension(type: number, ...content: readonly Buffer[]): Buffer {
  return Buffer.concat([uint16(type), withLength(...content)]);
}

/** What a browser sends, whether it has a key to encrypt with or only pretends to (GREASE): the two look the same. */
function encryptedHello(): Buffer {
  const outer = Buffer.from([0, 0, 1, 0, 1, 0x2a]); // outer, HKDF-SHA256, AES-128-GCM, config 0x2a
  return extension(ENCRYPTED_CLIENT_HELLO, outer, withLength(randomBytes(32)), withLength(randomBytes(144)));
}

/** A ClientHello of TLS 1.2, in which the server's answer can be read without any key. */
function clientHello(name: string, ...more: readonly Buffer[]): Buffer {
  const extensions = [
    extension(0, withLength(Buffer.from([0]), withLength(Buffer.from(name)))),
    extension(10, withLength(uint16(0x001d), uint16(0x0017))),
    extension(11, Buffer.from([1, 0])),
    extension(13, withLength(uint16(0x0403), uint16(0x0804), uint16(0x0401))),
    ...more,
  ];
  const ciphers = withLength(uint16(0xc02b), uint16(0xc02f));
  const body = [uint16(0x0303), randomBytes(32), Buffer.from([0]), ciphers, Buffer.from([1, 0])];
  const hello = Buffer.concat([...body, withLength(...extensions)]);
  const message = Buffer.concat([Buffer.from([1, 0]), uint16(hello.length), hello]);
  return Buffer.concat([Buffer.from([HANDSHAKE, 3, 1]), withLength(message)]);
}

/** The messages of the server's first flight. */
async function readFlight(socket: Socket): Promise<ReadonlyMap<number, Buffer>> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const [more] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, more]);
    const messages = new Map<number, Buffer>();
    let handshake = Buffer.alloc(0);
    for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
      expect(bytes[at]).toBe(HANDSHAKE);
      handshake = Buffer.concat([handshake, bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3))]);
    }
    for (let at = 0; at + 4 <= handshake.length; at += 4 + handshake.readUIntBE(at + 1, 3)) {
      messages.set(handshake.readUInt8(at), handshake.subarray(at + 4, at + 4 + handshake.readUIntBE(at + 1, 3)));
    }
    if (messages.has(SERVER_HELLO_DONE)) return messages;
  }
}

/** Types of the extensions that a ServerHello agrees to. */
function agreedExtensions(hello: Buffer): readonly number[] {
  const types: number[] = [];
  const start = 2 + 32 + 1 + hello.readUInt8(34) + 3;
  for (let at = start + 2; at + 4 <= hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    types.push(hello.readUInt16BE(at));
  }
  return types;
}

async function shakeHands(target: string, hello: Buffer) {
  const world = await openWorld(scope, { routes: [plain(makeRoute("a.example.com"))] });
  const { socket } = await connectTunnel(world.port, target);
  scope.defer("client", () => void socket.destroy());
  socket.write(hello);
  const flight = await readFlight(socket);
  const certificate = new X509Certificate(flight.get(CERTIFICATE)?.subarray(6) ?? Buffer.alloc(0));
  return { names: certificate.subjectAltName, agreed: agreedExtensions(flight.get(SERVER_HELLO) ?? Buffer.alloc(0)) };
}

test.each(["a.example.com", "front.example.net"])(
  "an encrypted ClientHello is never accepted: %s, the name outside, is the one that counts",
  async (outer) => {
    const plainly = await shakeHands("a.example.com:443", clientHello(outer));
    const hidden = await shakeHands("a.example.com:443", clientHello(outer, encryptedHello()));
    expect(hidden).toEqual(plainly);
    expect(hidden.names).toBe(`DNS:${outer}`);
    expect(hidden.agreed).not.toContain(ENCRYPTED_CLIENT_HELLO);
  },
);
