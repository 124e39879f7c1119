/** The part of the native module that is used: plain calls of the system, without the package's own streams. */
export type NativePty = {
  open(columns: number, rows: number): NativeEnds | undefined;
  resize(masterFd: number, columns: number, rows: number): void;
};

/** Both ends of a new pseudo-terminal; neither is close-on-exec, both are non-blocking. */
export type NativeEnds = { readonly master: number; readonly slave: number; readonly path: string };

/** The native module as far as it has the shape that version 1.1.0 has, or undefined. */
export function parseNativePty(module: unknown): NativePty | undefined {
  if (typeof module !== "object" || module === null) return undefined;
  const { open, resize } = module as Readonly<Record<string, unknown>>;
  if (typeof open !== "function" || typeof resize !== "function") return undefined;
  return {
    open: (columns, rows) => parseNativeEnds(Reflect.apply(open, module, [columns, rows])),
    resize: (masterFd, columns, rows) => void Reflect.apply(resize, module, [masterFd, columns, rows]),
  };
}

/** What the native `open` returned, or undefined if it is something else. */
export function parseNativeEnds(value: unknown): NativeEnds | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { master, slave, pty } = value as Readonly<Record<string, unknown>>;
  if (typeof master !== "number" || typeof slave !== "number" || typeof pty !== "string") return undefined;
  return pty.startsWith("/dev/") ? { master, slave, path: pty } : undefined;
}
