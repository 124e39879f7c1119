import { isPacked } from "./meaning.ts";
import { placesOfPacked } from "./unpack.ts";
import { partView, type ReplacedView, type View } from "./view.ts";

/** Smaller texts are read as a whole */
const SMALLEST = 16 * 1024;
/** What is read around something that was replaced, bytes: whatever it is a part of is shorter, or solid */
const AROUND = 1024;
/** Where what is replaced is part of a longer solid text, on either side, all is read: only its beginning may say what it is */
const LONGEST_SOLID = 24 * 1024;
/** What stands before a solid text and says what it is */
const NAME = 128;
const SOLID = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Za-z+/_=.~:@\r\n-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * A text in which a few things were replaced, as the parts around them: the rest reads as it did before. All of it where much
 * was replaced, or where something long may have been put together by that.
 */
export function changedParts(view: ReplacedView): readonly View[] {
  const { bytes, replaced } = view;
  if (bytes.length < SMALLEST || isPacked(bytes) || placesOfPacked(bytes).next().done !== true) return [view];
  const parts: [number, number][] = [];
  let sum = 0;
  for (const { to, newLength } of replaced) {
    const last = parts.at(-1);
    const done = last?.[1] ?? 0;
    if (last !== undefined && to + newLength + AROUND <= done) continue;
    const [first, behind] = solidAround(bytes, to, to + newLength);
    if (to - first >= LONGEST_SOLID || behind - to - newLength >= LONGEST_SOLID) return [view];
    const start = Math.max(done, Math.min(first - NAME, to - AROUND));
    const end = Math.min(bytes.length, Math.max(done, behind, to + newLength + AROUND));
    if (last !== undefined && start <= last[1]) {
      sum += end - last[1];
      last[1] = end;
    } else {
      sum += end - start;
      parts.push([start, end]);
    }
    if (sum > bytes.length / 2) return [view];
  }
  return parts.map(([start, end]) => partView(view, start, end));
}

/** The solid text around a place, looked at no further than counts. */
function solidAround(bytes: Buffer, from: number, to: number): readonly [number, number] {
  const least = Math.max(0, from - LONGEST_SOLID);
  const most = Math.min(bytes.length, to + LONGEST_SOLID);
  let [start, end] = [from, to];
  while (start > least && SOLID[bytes[start - 1] as number] === 1) start--;
  while (end < most && SOLID[bytes[end] as number] === 1) end++;
  return [start, end];
}
