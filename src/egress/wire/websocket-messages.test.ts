import { expect, test } from "vitest";
import { Malformed } from "./malformed.ts";
import { MessageReader } from "./websocket-messages.ts";

const frame = (first: number, text: string) => Buffer.from([first, text.length, ...Buffer.from(text)]);

test("fragments make one message; a control frame between them stands where it came", () => {
  const bytes = Buffer.concat([frame(0x01, "one "), frame(0x89, "ping"), frame(0x80, "text"), frame(0x81, "next")]);
  const reader = new MessageReader("server");
  const messages = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  expect(messages.map(({ kind, payload }) => [kind, payload.toString()])).toEqual([
    ["control", "ping"],
    ["data", "one text"],
    ["data", "next"],
  ]);
  expect(Buffer.concat(messages.flatMap(({ raw }) => raw))).toHaveLength(bytes.length);
});

test("a message without an end is refused, also when nothing is in it", () => {
  const empty = Buffer.concat(Array.from({ length: 16 * 1024 }, () => frame(0x00, "")));
  const reader = new MessageReader("server");
  expect(reader.push(empty)).toEqual([]);
  expect(() => reader.push(frame(0x80, ""))).toThrow(Malformed);
});
