import { partView, type ReplacedView, type View } from "./view.ts";

/** Smaller texts are read as a whole */
const SMALLEST = 16 * 1024;
/** What is read around something that was replaced, bytes: whatever it is a part of is shorter, or solid */
const AROUND = 1024;
/** Longest solid text of which something replaced is a part, on either side */
const LONGEST_SOLID = 24 * 1024;
/** What stands before a solid text and says what it is */
const NAME = 128;
const SOLID = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Za-z+/_=.~:@-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * A text in which a few things were replaced, as the parts around them: the rest reads as it did before. All of it where much
 * was replaced.
 */
export function changedParts(view: ReplacedView): readonly View[] {
  const { bytes, replaced } = view;
  if (bytes.length < SMALLEST) return [view];
  const parts: [number, number][] = [];
  let sum = 0;
  for (const { to, newLength } of replaced) {
    const last = parts.at(-1);
    const done = last?.[1] ?? 0;
    if (last !== undefined && to + newLength + AROUND <= done) continue;
    const start = startOf(bytes, to, done);
    const end = Math.max(done, endOf(bytes, to + newLength));
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

/** No further back than `done`, up to where the text was taken already. */
function startOf(bytes: Buffer, place: number, done: number): number {
  const least = Math.max(done, place - LONGEST_SOLID);
  let start = place;
  while (start > least && SOLID[bytes[start - 1] as number] === 1) start--;
  return Math.max(done, Math.min(start - NAME, place - AROUND));
}

function endOf(bytes: Buffer, place: number): number {
  const most = Math.min(bytes.length, place + LONGEST_SOLID);
  let end = place;
  while (end < most && SOLID[bytes[end] as number] === 1) end++;
  return Math.min(bytes.length, Math.max(end, place + AROUND));
}
