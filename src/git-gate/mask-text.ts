import type { Scan } from "./push-finding.ts";

/** Takes secrets out of a text that is shown or written down. */
export type Mask = (text: string) => string;

/** Replaces everything in a text that the search of pushes finds by what may be shown of it. */
export function makeMask(scan: Scan): Mask {
  return (text) => {
    const bytes = Buffer.from(text);
    const findings = [...scan(bytes)].sort((a, b) => a.offset - b.offset || b.length - a.length);
    let masked = "";
    let at = 0;
    for (const { offset, length, excerpt } of findings) {
      if (offset >= at) masked += `${bytes.toString("utf8", at, offset)}${excerpt}`;
      at = Math.max(at, offset + length);
    }
    return masked + bytes.toString("utf8", at);
  };
}
