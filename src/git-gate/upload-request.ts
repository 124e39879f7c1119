import type { ObjectFormat } from "./mirror-config.ts";
import { type Packet, parsePackets } from "./packets.ts";

/** What a client asks of git's upload-pack, in version 2 of the protocol, where it can be answered before the mirror is full. */
export type UploadRequest =
  | {
      readonly kind: "list";
      readonly format: ObjectFormat;
      readonly peel: boolean;
      readonly symrefs: boolean;
      /** Names begin with one of them; all are asked for when there is none */
      readonly prefixes: readonly string[];
    }
  /** Somebody who has nothing wants all that these objects lead to */
  | { readonly kind: "everything"; readonly format: ObjectFormat; readonly wants: ReadonlySet<string> };

const FORMATS: Readonly<Record<string, ObjectFormat>> = { sha1: "sha1", sha256: "sha256" };
/** What a client may say of how it takes a pack, without changing which objects are in it. */
const HARMLESS = new Set(["thin-pack", "no-progress", "include-tag", "ofs-delta", "done"]);
/** Far more beginnings of names than a clone asks for; each is compared with each name. */
const MOST_PREFIXES = 100;
const WANT = /^want ([0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Reads a request as https://git-scm.com/docs/protocol-v2 describes it. Undefined for everything that is not exactly one of the
 * two: parts of a history, filters, clients that have something already, unknown words. Those are for git to answer.
 */
export function parseUploadRequest(body: Buffer): UploadRequest | undefined {
  const packets = parsePackets(body);
  if (packets === undefined || packets.indexOf("flush") !== packets.length - 1) return undefined;
  const middle = packets.indexOf("delimiter");
  if (middle === -1 || packets.lastIndexOf("delimiter") !== middle) return undefined;
  const [command = "", ...capabilities] = readLines(packets.slice(0, middle));
  const args = readLines(packets.slice(middle + 1, -1));
  const format = readFormat(capabilities);
  if (format === undefined) return undefined;
  if (command === "command=ls-refs") return readList(format, args);
  return command === "command=fetch" ? readEverything(format, args) : undefined;
}

function readLines(packets: readonly Packet[]): readonly string[] {
  return packets.map((packet) => packet.toString("utf8").replace(/\n$/, ""));
}

/** Undefined when the client says anything besides who it is and which objects it takes. */
function readFormat(capabilities: readonly string[]): ObjectFormat | undefined {
  let format: ObjectFormat | undefined = "sha1";
  for (const capability of capabilities) {
    if (capability.startsWith("object-format=")) format = FORMATS[capability.slice("object-format=".length)];
    else if (!capability.startsWith("agent=")) return undefined;
  }
  return format;
}

function readList(format: ObjectFormat, args: readonly string[]): UploadRequest | undefined {
  const prefixes: string[] = [];
  for (const arg of args) {
    if (arg.startsWith("ref-prefix ")) prefixes.push(arg.slice("ref-prefix ".length));
    else if (arg !== "peel" && arg !== "symrefs" && arg !== "unborn") return undefined;
  }
  if (prefixes.length > MOST_PREFIXES) return undefined;
  return { kind: "list", format, peel: args.includes("peel"), symrefs: args.includes("symrefs"), prefixes };
}

function readEverything(format: ObjectFormat, args: readonly string[]): UploadRequest | undefined {
  const wants = new Set<string>();
  for (const arg of args) {
    const [, want] = WANT.exec(arg) ?? [];
    if (want !== undefined) wants.add(want);
    else if (!HARMLESS.has(arg)) return undefined;
  }
  if (!args.includes("done") || !args.includes("ofs-delta")) return undefined;
  return { kind: "everything", format, wants };
}
