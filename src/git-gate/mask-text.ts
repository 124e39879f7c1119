import type { Finding } from "../detect/finding.ts";
import type { Scan } from "./push-finding.ts";

/** Takes secrets out of a text that is shown or written down. */
export type Mask = (text: string) => string;

/** A text in which something is found so often is not worth showing */
const MOST_ROUNDS = 8;

/** Replaces everything in a text that the search of pushes finds by what may be shown of it, until nothing is found. */
export function makeMask(scan: Scan): Mask {
  return (text) => {
    let bytes: Buffer = Buffer.from(text);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const findings = scan(bytes);
      if (findings.length === 0) return bytes.toString("utf8");
      bytes = replaceNarrowest(bytes, findings);
    }
    return "[hidden]";
  };
}

/** Of findings that overlap only the narrowest: what is found in an encoded text is often told of the whole as well. */
function replaceNarrowest(bytes: Buffer, findings: readonly Finding[]): Buffer {
  const chosen: Finding[] = [];
  for (const one of [...findings].sort((a, b) => a.length - b.length)) {
    if (!chosen.some((other) => one.offset < endOf(other) && other.offset < endOf(one))) chosen.push(one);
  }
  chosen.sort((a, b) => a.offset - b.offset);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const one of chosen) {
    pieces.push(bytes.subarray(at, one.offset), Buffer.from(one.excerpt));
    at = endOf(one);
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]);
}

function endOf({ offset, length }: Finding): number {
  return offset + length;
}
