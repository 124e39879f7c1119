const BYTE_UNITS = ["kB", "MB", "GB", "TB"] as const;

/** A number of bytes for a person: `812 bytes`, `3.4 MB`. */
export function renderBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  let amount = bytes;
  let shown: string = BYTE_UNITS[0];
  for (const unit of BYTE_UNITS) {
    if (Math.round(amount) < 1000) break;
    amount /= 1000;
    shown = unit;
  }
  return `${amount >= 99.95 ? Math.round(amount) : amount.toFixed(1)} ${shown}`;
}

/** A number of bytes in the units in which memory is sold: `512 MiB`. */
export function renderMemory(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))} ${unit}`;
  }
  return renderBytes(bytes);
}

/** A span of time: `90 s`, `45 min`, `2 h`. */
export function renderSpan(ms: number): string {
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
}
