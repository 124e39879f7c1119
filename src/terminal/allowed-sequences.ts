/** What a control sequence from a bottle becomes: itself, a part of it, or nothing. */
export type Allowed = {
  /** What is let through, empty for nothing */
  readonly text: string;
  /** Whether the terminal may send something in return, now or later (an answer, mouse or focus reports) */
  readonly answers: boolean;
  /** The screen that is shown afterwards, if this changes it */
  readonly screen?: "main" | "alternate";
};

const NOTHING: Allowed = { text: "", answers: false };

/** Private modes (`CSI ? … h` and `l`) that stay within the screen and that `restoreScreen` sets back. */
const PRIVATE_MODES: ReadonlySet<number> = new Set([
  1, // application cursor keys
  4, // smooth scroll
  5, // reverse video
  7, // autowrap
  9, // mouse, X10
  12, // blinking cursor
  25, // cursor visible
  45, // reverse wraparound
  47, // alternate screen
  66, // application keypad
  1000, // mouse buttons
  1002, // mouse drags
  1003, // all mouse movements
  1004, // focus reports
  1005, // mouse coordinates as UTF-8
  1006, // mouse coordinates as SGR
  1015, // mouse coordinates as urxvt
  1016, // mouse coordinates in pixels
  1047, // alternate screen
  1048, // saved cursor
  1049, // alternate screen with saved cursor
  2004, // bracketed paste
  2026, // synchronized output
  2031, // reports of light and dark
  2048, // reports of a new size
]);

const REPORTING_MODES: ReadonlySet<number> = new Set([
  9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2031, 2048,
]);

type Rule = { readonly parameters: RegExp; readonly answers?: true };

/** Control sequences by prefix, intermediates and final byte; each with the parameters it may have. */
const CSI: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  // editing, moving, erasing, scrolling: all act on the screen only
  ...[..."@ABCDEFGHIJKLMPSTXZ`abdef"].map((final) => [final, { parameters: /^\d*(;\d*)?$/ }] as const),
  ["r", { parameters: /^(\d+(;\d*)?|;\d+)?$/ }],
  ["?J", { parameters: /^\d*$/ }],
  ["?K", { parameters: /^\d*$/ }],
  ["s", { parameters: /^$/ }],
  ["u", { parameters: /^$/ }],
  ["m", { parameters: /^[\d;:]*$/ }],
  [" q", { parameters: /^[0-6]?$/ }],
  ["!p", { parameters: /^$/ }],
  ["h", { parameters: /^4$/ }],
  ["l", { parameters: /^4$/ }],
  // keyboard protocols: kitty's stack, xterm's modifyOtherKeys
  [">u", { parameters: /^\d{0,3}$/ }],
  ["<u", { parameters: /^\d{0,3}$/ }],
  ["=u", { parameters: /^\d{0,3}(;[123])?$/ }],
  ["?u", { parameters: /^$/, answers: true }],
  [">m", { parameters: /^4(;[0-3]?)?$/ }],
  [">n", { parameters: /^4$/ }],
  ["?m", { parameters: /^4$/, answers: true }],
  // questions whose answers hold nothing that the bottle chose
  ["c", { parameters: /^0?$/, answers: true }],
  [">c", { parameters: /^0?$/, answers: true }],
  [">q", { parameters: /^0?$/, answers: true }],
  ["n", { parameters: /^[56]$/, answers: true }],
  ["?n", { parameters: /^(6|996)$/, answers: true }],
  ["$p", { parameters: /^\d{1,5}$/, answers: true }],
  ["?$p", { parameters: /^\d{1,5}$/, answers: true }],
  ["t", { parameters: /^1[468]$/, answers: true }],
]);

const ALTERNATE_SCREEN_MODES: ReadonlySet<number> = new Set([47, 1047, 1049]);

const LONGEST_NUMBER = /\d{6}/;

/** Decides over a control sequence, given without its `ESC [`: parameters, intermediates, final byte. */
export function allowCsi(body: string): Allowed {
  const parts = /^([<=>?]?)([\d;:]*)([ -/]*)([@-~])$/.exec(body);
  if (parts === null || LONGEST_NUMBER.test(body)) return NOTHING;
  const [, prefix = "", parameters = "", intermediates = "", final = ""] = parts;
  if (prefix === "?" && intermediates === "" && (final === "h" || final === "l")) return allowModes(parameters, final);
  const rule = CSI.get(prefix + intermediates + final);
  if (rule === undefined || !rule.parameters.test(parameters)) return NOTHING;
  return { text: `\x1b[${body}`, answers: rule.answers === true };
}

function allowModes(parameters: string, final: string): Allowed {
  const modes = parameters
    .split(";")
    .map(Number)
    .filter((mode) => PRIVATE_MODES.has(mode));
  if (modes.length === 0) return NOTHING;
  const text = `\x1b[?${modes.join(";")}${final}`;
  const answers = final === "h" && modes.some((mode) => REPORTING_MODES.has(mode));
  if (!modes.some((mode) => ALTERNATE_SCREEN_MODES.has(mode))) return { text, answers };
  return { text, answers, screen: final === "h" ? "alternate" : "main" };
}

/** Decides over a short escape sequence, given without its `ESC`: cursor, index, keypad, reset, common charsets. */
export function allowEscape(body: string): Allowed {
  if (body === "c") return { text: "\x1bc", answers: false, screen: "main" };
  return /^([78DEM=>]|[()*+][0AB])$/.test(body) ? { text: `\x1b${body}`, answers: false } : NOTHING;
}

/** Decides over an operating system command, given without `ESC ]` and its end. */
export function allowOsc(body: string, end: "\x07" | "\x1b\\"): Allowed {
  if (/^(4(;\d{1,3};\?){1,256}|1[0-2];\?)$/.test(body)) return { text: `\x1b]${body}${end}`, answers: true };
  if (/^(104(;\d{1,3}){0,256}|11[0-2]);?$/.test(body)) return { text: `\x1b]${body}${end}`, answers: false };
  const link = /^8;([^;]*);(.*)$/s.exec(body);
  if (link === null) return NOTHING;
  const id = /(?:^|:)(id=[\w.-]{1,64})(?:$|:)/.exec(link[1] ?? "")?.[1] ?? "";
  const target = link[2] ?? "";
  // A link that is not let through still ends the one before it.
  return { text: isHarmlessLink(target) ? `\x1b]8;${id};${target}${end}` : `\x1b]8;;${end}`, answers: false };
}

function isHarmlessLink(target: string): boolean {
  if (!/^https?:\/\/[!-~]+$/i.test(target) || target.length > 2048 || !URL.canParse(target)) return false;
  const { hostname, username, password } = new URL(target);
  // Also an empty user name, and anything that one reader takes for the host and another for user-info.
  const authority = target.replace(/^https?:\/\//i, "").split(/[/?#]/, 1)[0] ?? "";
  return hostname !== "" && username === "" && password === "" && !/[@\\]/.test(authority);
}
