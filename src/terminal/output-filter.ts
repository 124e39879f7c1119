import { type Allowed, allowCsi, allowEscape, allowOsc } from "./allowed-sequences.ts";
import { makeByteSink } from "./byte-sink.ts";
import { ASK_FOR_SIGN } from "./restore-sequences.ts";
import { utf8Length } from "./utf8-length.ts";

/** A filter between what a bottle prints and the operator's terminal. */
export type OutputFilter = {
  /** What of these bytes may reach the terminal; an unfinished sequence waits for its rest. Never throws. */
  push(bytes: Uint8Array): Uint8Array;
  /** What is left when nothing more comes; an unfinished sequence is dropped. */
  end(): Uint8Array;
  /** Whether the terminal may have been made to send something, now or later. */
  expectsAnswers(): boolean;
  /** How often the terminal was asked for the sign that `restore-sequences.ts` asks for. */
  signsAsked(): number;
  /** Whether anything but text was let through, so that the screen is to be set back. */
  usesSequences(): boolean;
  /** The screen that the terminal shows after what was let through. */
  screen(): "main" | "alternate";
};

/** Where the parser is; `-escape` is after an ESC that may be the first half of the string's end (`ESC \`). */
type State = "ground" | "escape" | "csi" | "osc" | "osc-escape" | "string" | "string-escape";

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DEL = 0x7f;

/** Bell, backspace, tab, line feeds, return, shifts between two charsets; not ENQ, XON, XOFF and the others. */
const PASSING_CONTROLS: ReadonlySet<number> = new Set([BEL, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]);

/** Longest sequence that is kept to be decided over; longer ones are dropped as they come */
const LONGEST = { escape: 2, csi: 256, osc: 4096 } as const;

/**
 * A filter that lets through what full-screen programs need of a screen and drops everything that reaches beyond it; see
 * `allowed-sequences.ts`. What is not known is dropped. It follows the state machine that terminals share (ECMA-48 as in
 * xterm): controls inside a sequence act at once, CAN and SUB abort, ESC starts anew.
 *
 * What comes out is UTF-8 without C1 controls: a byte that is not part of UTF-8 becomes U+FFFD, as a terminal would show
 * it, since one that is not in UTF-8 mode would take `9B` for the start of a control sequence. The operator's terminal is
 * taken to be in UTF-8 mode: in another, half of a letter may be such a byte.
 *
 * With `unattended` nothing is let through that makes the terminal send something: the bottle cannot read the answer, so
 * the operator's shell would.
 */
export function makeOutputFilter(options: { readonly unattended?: boolean } = {}): OutputFilter {
  const sink = makeByteSink();
  let state: State = "ground";
  let body = "";
  let incomplete: Uint8Array = new Uint8Array();
  let answers = false;
  let signs = 0;
  let sequences = false;
  let screen: "main" | "alternate" = "main";

  const enter = (next: State) => {
    state = next;
    body = "";
  };
  const finish = (found: Allowed) => {
    const allowed = found.answers && options.unattended === true ? NOTHING : found;
    sequences ||= allowed.text !== "";
    sink.ascii(allowed.text);
    answers ||= allowed.answers;
    if (allowed.text === ASK_FOR_SIGN) signs += 1;
    screen = allowed.screen ?? screen;
    enter("ground");
  };
  const collect = (byte: number, longest: number) => {
    if (body.length <= longest) body += String.fromCharCode(byte);
  };
  /** Ends a sequence at a byte that cannot be part of it. */
  const leave = (): false => {
    enter("ground");
    return false;
  };
  /** Acts on a control inside a sequence; true if the byte is one. */
  const control = (byte: number): boolean => {
    if (byte === ESC) enter("escape");
    else if (byte === CAN || byte === SUB) enter("ground");
    else if (byte >= 0x20 && byte !== DEL) return false;
    else if (PASSING_CONTROLS.has(byte)) sink.byte(byte);
    return true;
  };

  /** Takes one byte outside of plain text; false if it is to be looked at again in the new state. */
  const step = (byte: number): boolean => {
    switch (state) {
      case "ground":
        control(byte);
        return true;
      case "escape":
        if (control(byte)) return true;
        if (byte >= 0x80) return leave();
        stepEscape(byte);
        return true;
      case "csi":
        if (control(byte)) return true;
        if (byte >= 0x80) return leave();
        collect(byte, LONGEST.csi);
        if (byte >= 0x40) finish(body.length > LONGEST.csi ? NOTHING : allowCsi(body));
        return true;
      case "osc":
        if (byte === BEL) finishOsc("\x07");
        else if (byte === ESC) state = "osc-escape";
        else if (byte === CAN || byte === SUB) enter("ground");
        else collect(byte, LONGEST.osc);
        return true;
      case "osc-escape":
        if (byte === 0x5c) finishOsc("\x1b\\");
        else enter("escape");
        return byte === 0x5c;
      case "string":
        if (byte === ESC) state = "string-escape";
        else if (byte === CAN || byte === SUB) enter("ground");
        return true;
      case "string-escape":
        enter(byte === 0x5c ? "ground" : "escape");
        return byte === 0x5c;
    }
  };
  const stepEscape = (byte: number) => {
    const character = String.fromCharCode(byte);
    if (body === "" && character === "[") enter("csi");
    else if (body === "" && character === "]") enter("osc");
    else if (body === "" && STRINGS.has(character)) enter("string");
    else {
      collect(byte, LONGEST.escape);
      if (byte >= 0x30) finish(allowEscape(body));
    }
  };
  const finishOsc = (end: "\x07" | "\x1b\\") => finish(body.length > LONGEST.osc ? NOTHING : allowOsc(body, end));

  /** Copies plain text from `at` on; returns where it ends. */
  const copyText = (bytes: Uint8Array, at: number): number => {
    let end = at;
    for (let byte = bytes[end]; byte !== undefined; byte = bytes[end]) {
      if (byte >= 0x20 && byte < DEL) end += 1;
      else {
        const length = byte < 0x80 ? 0 : utf8Length(bytes, end);
        if (length <= 0 || isC1(bytes, end)) break;
        end += length;
      }
    }
    sink.copy(bytes, at, end);
    return end;
  };
  /** Takes a byte above 7F that is no text: half a character, a C1 control, or no UTF-8. Returns where to go on. */
  const takeOddByte = (bytes: Uint8Array, at: number): number => {
    if (isC1(bytes, at)) return at + 2;
    if (utf8Length(bytes, at) === -1) {
      incomplete = bytes.slice(at);
      return bytes.length;
    }
    sink.copy(REPLACEMENT, 0, REPLACEMENT.length);
    return at + 1;
  };

  return {
    push: (chunk) => {
      const bytes = incomplete.length === 0 ? chunk : Buffer.concat([incomplete, chunk]);
      incomplete = new Uint8Array();
      for (let at = 0; at < bytes.length; ) {
        if (state === "ground") at = copyText(bytes, at);
        const byte = bytes[at];
        if (byte === undefined) break;
        if (state === "ground" && byte >= 0x80) at = takeOddByte(bytes, at);
        else if (step(byte)) at += 1;
      }
      return sink.take();
    },
    end: () => {
      for (const _ of incomplete) sink.copy(REPLACEMENT, 0, REPLACEMENT.length);
      incomplete = new Uint8Array();
      enter("ground");
      return sink.take();
    },
    expectsAnswers: () => answers,
    signsAsked: () => signs,
    usesSequences: () => sequences,
    screen: () => screen,
  };
}

const NOTHING: Allowed = { text: "", answers: false };
const REPLACEMENT: Uint8Array = Buffer.from("\ufffd", "utf8");

/** What starts a string up to `ESC \`: DCS, SOS, PM, APC, and the title of screen and tmux */
const STRINGS: ReadonlySet<string> = new Set(["P", "X", "^", "_", "k"]);

function isC1(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xc2 && (bytes[at + 1] ?? 0xff) < 0xa0 && (bytes[at + 1] ?? 0) >= 0x80;
}
