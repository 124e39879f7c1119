import { BASIC_ANCHOR, COMMAND_ANCHORS, COMMAND_BEFORE, readBasicLogin, readCommandLogin } from "./command-login.ts";
import { entropyOf } from "./entropy.ts";
import { type BothWays, type Detector, digestSecret, type Finding, isExample, maskSecret } from "./finding.ts";
import { isSecretKind, KIND_ANCHOR, KIND_AROUND, readKubernetesSecret } from "./kubernetes-secret.ts";
import { NAME_ANCHORS, readNamedValue } from "./named-value.ts";
import { mirrored, type Pattern, PatternSet } from "./pattern-set.ts";
import { makeTextWindow } from "./text-window.ts";
import { TOKEN_FORMATS } from "./token-table.ts";

/** Most findings in one text: more say nothing new */
const MOST_FINDINGS = 100;
/** What documentation is written with is not drawn at random, and counts all the same */
const EXAMPLE_ENTROPY = 2;
const URL_LOGIN = /:\/\/([^\s:@/"'<>{}$%\\]{0,60}):([^\s@/"'<>{}$\\]{6,120})@[0-9A-Za-z.[-]/y;
const COMMON_LOGIN =
  /^(?:pass(?:word|wd)?|secret|token|root|admin|postgres|example|user(?:name)?|xxx+|\*+|test|guest)[0-9]{0,4}$/i;

type Format = {
  readonly rule: string;
  readonly provider: string;
  readonly form: RegExp;
  readonly entropy: number;
  readonly notAfter: RegExp;
  /** As many bytes as it may have, and more */
  readonly reach: number;
};

/** What is looked at before and behind the beginning of a token, and a name or a login */
const BEFORE = 64;
const AFTER = 1024;

/** Finds tokens by the forms that their providers document, and values that their names say are secret. */
export function makeTokenDetector(): Detector {
  const formats: readonly Format[] = TOKEN_FORMATS.map(({ rule, provider, anchor, rest, entropy, notAfter }) => ({
    rule,
    provider,
    form: new RegExp(`${anchor.replace(/[.$|+]/g, "\\$&")}${rest}`, "y"),
    entropy: entropy ?? 2,
    notAfter: notAfter ?? /[0-9A-Za-z_]/,
    reach: reachOf(rest),
  }));
  const patterns: readonly Pattern[] = [
    ...TOKEN_FORMATS.map(({ anchor }) => ({ bytes: Buffer.from(anchor, "latin1"), fold: false })),
    ...NAME_ANCHORS.map((word) => ({ bytes: Buffer.from(word, "latin1"), fold: true })),
    ...SHAPES.map(({ anchor, fold }) => ({ bytes: Buffer.from(anchor, "latin1"), fold })),
  ];
  const search = new PatternSet(patterns);
  const bothWays = new PatternSet([...patterns, ...patterns.map(mirrored)]);
  const firstName = TOKEN_FORMATS.length;
  const firstShape = firstName + NAME_ANCHORS.length;
  const searchWith = (set: PatternSet, bytes: Buffer): BothWays => {
    const findings: Finding[] = [];
    let backwards = false;
    let named = 0;
    const shapesAt = new Map<Shape, number>();
    const window = makeTextWindow(bytes);
    set.find(bytes, (offset, index) => {
      if (index >= patterns.length) {
        backwards = true;
        return undefined;
      }
      // what stands inside a token that was found is part of it
      const last = findings.at(-1);
      if (index < firstName && last !== undefined && last.rule !== "named-secret" && offset < last.offset + last.length)
        return undefined;
      if (index >= firstName && index < firstShape && offset < named) return undefined;
      if (index >= firstName && index < firstShape && !isAssigned(bytes, offset)) return undefined;
      const format = formats[index];
      const shape = SHAPES[index - firstShape];
      if (shape?.fits?.(bytes, offset, shapesAt.get(shape)) === false) return undefined;
      if (shape?.fits !== undefined) shapesAt.set(shape, offset);
      const { text, start } = window.at(offset, shape?.before ?? BEFORE, format?.reach ?? shape?.after ?? AFTER);
      const at = offset - start;
      const found = shape?.read(text, at) ?? [format === undefined ? readName(text, at) : readFormat(text, at, format)];
      for (const one of found) {
        if (one === undefined) continue;
        const place = one.offset + start;
        if (index >= firstName && index < firstShape) named = place + one.length;
        findings.push({ ...one, offset: place });
      }
      return findings.length >= MOST_FINDINGS;
    });
    return { findings, backwards: backwards || findings.length >= MOST_FINDINGS };
  };
  return {
    name: "tokens",
    scan: (bytes) => searchWith(search, bytes).findings,
    scanBothWays: (bytes) => searchWith(bothWays, bytes),
  };
}

/** Whether something like an assignment follows the name at `offset`; spares most words the closer look. */
function isAssigned(bytes: Buffer, offset: number): boolean {
  let at = offset;
  while (at - offset < NAME_AHEAD && NAME[bytes[at] as number] === 1) at++;
  for (let ahead = at; ahead < at + ASSIGNMENT_AHEAD && ahead < bytes.length; ahead++) {
    const byte = bytes[ahead] as number;
    if (ASSIGNING[byte] === 1) return true;
    if (BETWEEN[byte] !== 1) return false;
  }
  return false;
}

const NAME_AHEAD = 64;
const ASSIGNMENT_AHEAD = 16;
const NAME = makeSet(/[0-9A-Za-z_.-]/);
const ASSIGNING = makeSet(/[=:>,]/);
const BETWEEN = makeSet(/[\s"'`\]\\?|+.Sstring]/);

function makeSet(form: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (form.test(String.fromCharCode(byte)) ? 1 : 0));
}

/** Twice over what every repetition allows, as they may be repeated themselves. */
function reachOf(rest: string): number {
  const most = [...rest.matchAll(/\{(?:[0-9]+,)?([0-9]+)\}/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return AFTER + 2 * most;
}

function readName(text: string, at: number): Finding | undefined {
  const found = readNamedValue(text, at);
  return found && makeFinding(found.rule, found.provider, found.start, found.value);
}

function readFormat(text: string, at: number, format: Format): Finding | undefined {
  const { rule, provider, form, entropy, notAfter } = format;
  if (at > 0 && notAfter.test(text[at - 1] ?? "") && !isEscape(text, at)) return undefined;
  form.lastIndex = at;
  const value = form.exec(text)?.[0];
  if (value === undefined || entropyOf(value) < (isExample(value) ? Math.min(entropy, EXAMPLE_ENTROPY) : entropy))
    return undefined;
  return makeFinding(rule, provider, at, value);
}

/** The letter before may belong to an escape, as in `\nAKIA…` */
function isEscape(text: string, at: number): boolean {
  return /\\[nrt]$|%[0-9A-Fa-f]{2}$|\\u[0-9A-Fa-f]{4}$|\\x[0-9A-Fa-f]{2}$/.test(text.slice(Math.max(0, at - 6), at));
}

/** Secrets that have a shape, and no beginning of their own. */
type Shape = {
  readonly anchor: string;
  readonly fold: boolean;
  readonly before: number;
  readonly after: number;
  /** Spares most places the closer look; `last` is where it was taken before */
  readonly fits?: (bytes: Buffer, offset: number, last: number | undefined) => boolean;
  read(text: string, at: number): readonly Finding[];
};

const SHAPES: readonly Shape[] = [
  { anchor: "://", fold: false, before: BEFORE, after: AFTER, read: listed(readLogin) },
  { anchor: BASIC_ANCHOR, fold: true, before: BEFORE, after: AFTER, read: listed(fromLogin(readBasicLogin)) },
  ...COMMAND_ANCHORS.map((anchor) => {
    return { anchor, fold: false, before: COMMAND_BEFORE, after: AFTER, read: listed(fromLogin(readCommandLogin)) };
  }),
  {
    ...{ anchor: KIND_ANCHOR, fold: false, before: KIND_AROUND, after: KIND_AROUND },
    ...{ fits: isSecretKind, read: readKubernetes },
  },
];

function listed(read: (text: string, at: number) => Finding | undefined): Shape["read"] {
  return (text, at) => {
    const found = read(text, at);
    return found === undefined ? [] : [found];
  };
}

function fromLogin(read: typeof readBasicLogin): (text: string, at: number) => Finding | undefined {
  return (text, at) => {
    const found = read(text, at);
    return found && makeFinding(found.rule, "any", found.start, found.value);
  };
}

function readKubernetes(text: string, at: number): readonly Finding[] {
  return readKubernetesSecret(text, at).map(({ start, value }) =>
    makeFinding("kubernetes-secret", "Kubernetes", start, value),
  );
}

function readLogin(text: string, at: number): Finding | undefined {
  URL_LOGIN.lastIndex = at;
  const match = URL_LOGIN.exec(text);
  const [, user = "", password = ""] = match ?? [];
  if (match === null || COMMON_LOGIN.test(password) || entropyOf(password) < 2) return undefined;
  return makeFinding("url-login", "any", at + 3 + user.length + 1, password);
}

function makeFinding(rule: string, provider: string, offset: number, value: string): Finding {
  const { length } = value;
  return {
    ...{ rule, provider, encodings: [], offset, length, excerpt: maskSecret(value), example: isExample(value) },
    digest: digestSecret(value),
  };
}
