/** One entry of an archive, without its content. Names are bytes, one character each. */
export type TarEntry = {
  readonly kind: "file" | "folder" | "link" | "hard-link" | "other";
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  /** Where a link leads */
  readonly target: string;
};

/** An entry, or a part of the last file's content. */
export type TarPart =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "data"; readonly data: Buffer };

const BLOCK = 512;
/** Most bytes of the name of one entry, as an extension writes it */
const MOST_EXTENSION_BYTES = 1024 * 1024;
const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "hard-link",
  "2": "link",
  "5": "folder",
};

/** The parts of an archive as an engine writes it: ustar with extensions of pax and GNU. Throws `RangeError` for anything else. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarPart> {
  const bytes = takeBytes(source);
  for (let entry = await takeEntry(bytes); entry !== undefined; entry = await takeEntry(bytes)) {
    yield { kind: "entry", entry };
    yield* takeContent(bytes, entry.kind === "file" ? entry.size : 0);
  }
  await bytes.drain();
}

/** The next entry of an archive, its extensions applied; undefined at the end. `take` gives exactly so many bytes. */
export async function takeEntry(bytes: Pick<Bytes, "take">): Promise<TarEntry | undefined> {
  let extended: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const head = await bytes.take(BLOCK);
    if (head === undefined || head.every((byte) => byte === 0)) return undefined; // the second empty block says nothing new
    const { type, ...raw } = parseHead(head);
    if (!"xgLK".includes(type)) return withExtension(raw, type, extended);
    if (raw.size > MOST_EXTENSION_BYTES) throw new RangeError("an archive has an endless name");
    const text = (await bytes.take(padded(raw.size)))?.subarray(0, raw.size).toString("latin1") ?? "";
    if (type !== "g") extended = new Map([...extended, ...parseExtension(type, text)]);
  }
}

type Bytes = ReturnType<typeof takeBytes>;

async function* takeContent(bytes: Bytes, size: number): AsyncGenerator<TarPart> {
  for (let left = size; left > 0; ) {
    const data = await bytes.takeSome(left);
    if (data === undefined) throw new RangeError("an archive ends within a file");
    left -= data.length;
    yield { kind: "data", data };
  }
  const rest = padded(size) - size;
  if (rest > 0) await bytes.take(rest);
}

/** Bytes that content of this size takes up. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

type RawHead = {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly target: string;
};

function parseHead(head: Buffer): RawHead & { readonly type: string } {
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== readNumber(head, 148, 8)) throw new RangeError("an archive is damaged");
  const text = (at: number, length: number) =>
    head
      .toString("latin1", at, at + length)
      .split("\0", 1)
      .join();
  const prefix = head.toString("latin1", 257, 263) === "ustar\0" ? text(345, 155) : "";
  const name = text(0, 100);
  return {
    type: head.toString("latin1", 156, 157),
    path: prefix === "" ? name : `${prefix}/${name}`,
    mode: readNumber(head, 100, 8),
    size: readNumber(head, 124, 12),
    mtime: readNumber(head, 136, 12),
    target: text(157, 100),
  };
}

/** Octal digits, or GNU's way for large numbers. */
function readNumber(head: Buffer, at: number, length: number): number {
  const first = head[at] ?? 0;
  if (first === 0x80) return Number(head.readBigUInt64BE(at + length - 8));
  if (first > 0x80) return 0; // before 1970
  const digits = head
    .toString("latin1", at, at + length)
    .replace(/[\0 ]+$/, "")
    .trim();
  if (!/^[0-7]*$/.test(digits)) throw new RangeError("an archive is damaged");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function parseExtension(type: string, text: string): readonly (readonly [string, string])[] {
  if (type === "L") return [["path", text.split("\0", 1).join()]];
  if (type === "K") return [["linkpath", text.split("\0", 1).join()]];
  const records: (readonly [string, string])[] = [];
  for (let at = 0; at < text.length; ) {
    const [, digits] = /^(\d{1,8}) /.exec(text.slice(at, at + 10)) ?? [];
    const length = Number(digits);
    if (digits === undefined || length <= digits.length + 2) throw new RangeError("an archive is damaged");
    const record = text.slice(at + digits.length + 1, at + length - 1);
    const equals = record.indexOf("=");
    if (equals > 0) records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at += length;
  }
  return records;
}

function withExtension(raw: RawHead, type: string, extended: ReadonlyMap<string, string>): TarEntry {
  const size = Number(extended.get("size") ?? raw.size);
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError("an archive is damaged");
  const path = extended.get("path") ?? raw.path;
  const kind = KINDS[type] ?? "other";
  return {
    kind: kind === "file" && path.endsWith("/") ? "folder" : kind,
    path,
    mode: raw.mode,
    size,
    mtime: raw.mtime,
    target: extended.get("linkpath") ?? raw.target,
  };
}

function takeBytes(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fetch = async (): Promise<boolean> => {
    const { value, done } = await iterator.next();
    if (done === true) return false;
    rest = rest.length === 0 ? Buffer.from(value) : Buffer.concat([rest, value]);
    return true;
  };
  const takeSome = async (most: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) if (!(await fetch())) return undefined;
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    return taken;
  };
  return {
    takeSome,
    /** Exactly so many; undefined at the end of the stream. */
    take: async (size: number): Promise<Buffer | undefined> => {
      while (rest.length < size) if (!(await fetch())) break;
      if (rest.length === 0 && size > 0) return undefined;
      if (rest.length < size) throw new RangeError("an archive ends early");
      return takeSomeNow(size);
    },
    drain: async (): Promise<void> => {
      rest = Buffer.alloc(0);
      while (await fetch()) rest = Buffer.alloc(0);
    },
  };

  function takeSomeNow(size: number): Buffer {
    const taken = rest.subarray(0, size);
    rest = rest.subarray(size);
    return taken;
  }
}
