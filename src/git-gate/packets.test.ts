import { expect, test } from "vitest";
import { BAND, MOST_PACK_BYTES, makeBandHead, makePacket, parsePackets } from "./packets.ts";

test("what is written is read again", () => {
  const bytes = Buffer.from(`${makePacket("wörds\n")}0001${makePacket("")}0000`);
  expect(parsePackets(bytes)).toEqual([Buffer.from("wörds\n"), "delimiter", Buffer.alloc(0), "flush"]);
  const piece = Buffer.alloc(MOST_PACK_BYTES, 7);
  const [packet] = parsePackets(Buffer.concat([makeBandHead(BAND.pack, piece.length), piece])) ?? [];
  expect(packet).toEqual(Buffer.concat([Buffer.from([BAND.pack]), piece]));
  expect(() => makePacket("x".repeat(65_517))).toThrow("too many");
});

test.each(["000", "zzzz", "0003", "0002", "0009abcd", "-001", "0x10", "00 5x"])("%s is no packet", (text) => {
  expect(parsePackets(Buffer.from(text))).toBeUndefined();
});

test("more packets than any clone has are not read", () => {
  expect(parsePackets(Buffer.from("0004".repeat(50_000)))).toHaveLength(50_000);
  expect(parsePackets(Buffer.from("0004".repeat(50_001)))).toBeUndefined();
});
