import { isAscii } from "node:buffer";
import { changedParts } from "./changed-parts.ts";
import { decodeRuns } from "./encoded-runs.ts";
import { hiddenLetters, normaliseLetters } from "./letters.ts";
import { isPacked } from "./meaning.ts";
import { decodeNumbers } from "./number-runs.ts";
import { decodeSpaced } from "./spaced-runs.ts";
import { unescapeView } from "./unescape.ts";
import { mayBeUnmarked, placesOfPacked, unpackBeginning, unpackFirst, unpackUnmarked } from "./unpack.ts";
import { plainView, stretchView, type View } from "./view.ts";
import { placesOfZip, unpackZipEntry } from "./zip-entries.ts";

/** How deep encodings are undone, and how many bytes may come out in all. */
export type ViewLimits = {
  readonly depth: number;
  readonly bytes: number;
  readonly views: number;
  /** Whether what is packed is opened; where it is not, there is more than the limits allow */
  readonly packed: boolean;
};

const UNPACKED_BYTES = 8 * 1024 * 1024;
const REVERSED_BYTES = 64 * 1024;
const REVERSED_ESCAPES = 4 * 1024;
const REMEMBERED_BYTES = 1024;
const MOST_REMEMBERED = 8;
/** Places in one text at which something packed may begin */
const MOST_INSIDE = 16;
/** Files of one archive */
const MOST_FILES = 1_000;

/** Limits that hold for bodies which are held in memory. */
export const VIEW_LIMITS: ViewLimits = { depth: 5, bytes: 64 * 1024 * 1024, views: 4_000, packed: true };

/**
 * The bytes, and everything that they may mean once encodings are undone: outermost first, each view at most once. `onCut`
 * is called when there would be more than the limits allow.
 */
export function* openViews(bytes: Buffer, limits: ViewLimits, onCut: () => void = () => {}): Generator<View> {
  let budget = limits.bytes;
  let count = 0;
  const seen = makeSeen();
  let layer: readonly View[] = [plainView(bytes)];
  for (let depth = 0; depth <= limits.depth && layer.length > 0; depth++) {
    const next: View[] = [];
    for (const view of layer) {
      yield view;
      if (depth === limits.depth) continue;
      for (const inner of decodeOnce(view, depth, limits, onCut)) {
        if (seen.has(inner.bytes)) continue;
        budget -= inner.bytes.length;
        if (budget < 0 || ++count > limits.views) {
          onCut();
          yield* next;
          return;
        }
        next.push(inner);
      }
    }
    layer = next;
  }
}

/** Whether a text is short enough to be read backwards as well. */
export function isReadBackwards(bytes: Buffer): boolean {
  return bytes.length <= REVERSED_BYTES;
}

/** Large views that were there already: letters and escapes undone are the same as escapes and letters undone. */
function makeSeen(): { has(bytes: Buffer): boolean } {
  const seen: Buffer[] = [];
  return {
    has: (bytes) => {
      if (bytes.length < REMEMBERED_BYTES) return false;
      if (seen.some((one) => one.equals(bytes))) return true;
      if (seen.length < MOST_REMEMBERED) seen.push(bytes);
      return false;
    },
  };
}

function* decodeOnce(view: View, depth: number, limits: ViewLimits, onCut: () => void): Generator<View> {
  const { bytes, encodings } = view;
  // what is written backwards as a whole is not escaped backwards as well; small texts are cheap to be sure of
  const unescaped = encodings[0] === "reversed" && bytes.length > REVERSED_ESCAPES ? undefined : unescapeView(view);
  if (unescaped !== undefined) yield* changedParts(unescaped);
  if (!limits.packed && mayBePacked(bytes, depth)) onCut();
  else yield* unpackAll(view, depth, limits.bytes, onCut);
  const wide = narrow(bytes);
  if (wide !== undefined) yield stretchView(view, "utf-16", wide, 0, bytes.length);
  const letters = normaliseLetters(bytes);
  if (letters !== undefined) yield stretchView(view, "letters", letters, 0, bytes.length);
  const hidden = hiddenLetters(bytes);
  if (hidden !== undefined) yield stretchView(view, "letters", hidden, 0, bytes.length);
  if (depth === 0 && isReadBackwards(bytes)) {
    yield stretchView(view, "reversed", Buffer.from(bytes).reverse(), 0, bytes.length);
  }
  if (encodings.at(-1) === "separators") return;
  yield* decodeRuns(view);
  yield* decodeSpaced(view);
  yield* decodeNumbers(view);
}

function mayBePacked(bytes: Buffer, depth: number): boolean {
  if (isPacked(bytes) || (depth === 0 && mayBeUnmarked(bytes))) return true;
  if (isAscii(bytes)) return false;
  return placesOfPacked(bytes).next().done !== true || placesOfZip(bytes).next().done !== true;
}

function* unpackAll(view: View, depth: number, most: number, onCut: () => void): Generator<View> {
  const { bytes } = view;
  if (isPacked(bytes)) yield* unpackView(view);
  else if (depth === 0) {
    const unmarked = unpackUnmarked(bytes, UNPACKED_BYTES);
    if (unmarked !== undefined) yield stretchView(view, unmarked.encoding, unmarked.bytes, 0, bytes.length);
  }
  yield* unpackInside(view, most, onCut);
}

function* unpackView(view: View): Generator<View> {
  const { bytes } = view;
  for (const encoding of ["gzip", "deflate", "zstd"]) {
    const unpacked = unpackFirst(bytes, encoding, UNPACKED_BYTES);
    if (unpacked === undefined) continue;
    if (unpacked.length > 0) yield stretchView(view, encoding, unpacked, 0, bytes.length);
    return;
  }
  const beginning = unpackBeginning(bytes);
  if (beginning !== undefined && beginning.length > 0) yield stretchView(view, "deflate", beginning, 0, bytes.length);
}

/**
 * The files of a zip archive, each by itself: so many belong to one that they do not count as tries. What is unpacked counts
 * here too: it may be broken, or the same each time, behind many heads.
 */
function* unpackZip(view: View, most: number, onCut: () => void): Generator<View> {
  const { bytes } = view;
  let files = 0;
  let budget = most;
  for (const at of placesOfZip(bytes)) {
    if (++files > MOST_FILES || budget < 0) return onCut();
    const entry = unpackZipEntry(bytes, at, UNPACKED_BYTES);
    budget -= entry?.cost ?? 0;
    if (entry !== undefined && entry.bytes.length > 0) {
      yield stretchView(view, "zip", entry.bytes, entry.start, bytes.length - entry.start);
    }
  }
}

/** What is packed and stands behind something else, as a file does in a form. */
function* unpackInside(view: View, most: number, onCut: () => void): Generator<View> {
  const { bytes } = view;
  if (isAscii(bytes)) return; // no mark is, and nothing packed
  yield* unpackZip(view, most, onCut);
  let tries = 0;
  for (const [encoding, start] of placesOfPacked(bytes)) {
    if (++tries > MOST_INSIDE) return onCut();
    const inner = unpackFirst(bytes.subarray(start), encoding, UNPACKED_BYTES);
    if (inner !== undefined && inner.length > 0) yield stretchView(view, encoding, inner, start, bytes.length - start);
  }
}

/** Text of two bytes a letter, with the empty ones left out. */
function narrow(bytes: Buffer): Buffer | undefined {
  const sample = Math.min(bytes.length, 1024);
  let nul = 0;
  for (let at = 0; at < sample; at++) if (bytes[at] === 0) nul++;
  return nul >= 8 && nul >= sample * 0.2 && nul <= sample * 0.9
    ? Buffer.from(bytes.filter((byte) => byte !== 0))
    : undefined;
}
