import type { SecretLintRuleContext, SecretLintRuleCreator, SecretLintSourceCode } from "@secretlint/types";
import { type Detector, digestSecret, type Finding, isExample, maskSecret } from "./finding.ts";
import { PatternSet } from "./pattern-set.ts";
import { SECRETLINT_ANCHORS } from "./secretlint-anchors.ts";

const MOST_FINDINGS = 100;
/** What a rule reads around one of its anchors, bytes: a private key is the longest of what they know */
const BEFORE = 512;
const BEHIND = 12 * 1024;

type Rule = { readonly rule: SecretLintRuleCreator; readonly name: string };
type Stretch = { readonly start: number; end: number };

const START = { line: 1, column: 0 };

/**
 * The rules of secretlint as one more detector. Only its rules: the preset also brings one that lets the searched text switch
 * the others off (`secretlint-disable`), and what is searched here is hostile. Loaded when a route asks for it. A rule reads only
 * what stands around one of its anchors: there are too many of them to read everything.
 */
export async function loadSecretlintDetector(anchors = SECRETLINT_ANCHORS): Promise<Detector> {
  const preset = await import("@secretlint/secretlint-rule-preset-recommend");
  const rules: readonly Rule[] = preset.rules
    .filter(({ meta }) => !meta.id.includes("filter"))
    .map((rule) => ({ rule, name: rule.meta.id.replace(/^.*secretlint-rule-/, "") }));
  const wanted = rules.flatMap(({ name }, index) => (anchors[name] ?? []).map((anchor) => ({ anchor, index })));
  const patterns = new PatternSet(wanted.map(({ anchor }) => ({ bytes: Buffer.from(anchor, "latin1"), fold: true })));
  return {
    name: "secretlint",
    scan: (bytes) => {
      const whole: Stretch = { start: 0, end: bytes.length };
      const stretches = rules.map(({ name }) => (anchors[name] === undefined ? [whole] : []));
      patterns.find(bytes, (place, anchor) => {
        const of = stretches[wanted[anchor]?.index ?? 0];
        const [start, end] = [Math.max(0, place - BEFORE), Math.min(bytes.length, place + BEHIND)];
        const last = of?.at(-1);
        if (last !== undefined && start <= last.end) last.end = end;
        else of?.push({ start, end });
        return false;
      });
      const findings: Finding[] = [];
      for (const [index, rule] of rules.entries()) {
        for (const stretch of stretches[index] ?? []) ask(rule, bytes, stretch, findings);
      }
      return findings;
    },
  };
}

function ask({ rule, name }: Rule, bytes: Buffer, { start, end }: Stretch, findings: Finding[]): void {
  const content = bytes.toString("latin1", start, end); // a place in it is a place in the bytes
  const context = makeContext((from, to) => {
    if (findings.length >= MOST_FINDINGS) return;
    findings.push(makeFinding(`secretlint-${name}`, start + from, content.slice(from, to)));
  });
  try {
    void Promise.resolve(rule.create(context, {}).file?.(makeSource(content))).catch(() => {}); // a rule for files only
  } catch {
    // a rule that cannot read this text finds nothing in it
  }
}

function makeContext(onReport: (start: number, end: number) => void): SecretLintRuleContext {
  return {
    sharedOptions: {},
    createTranslator: () => (_, data) => ({ message: "", messageId: "", data }),
    report: ({ range: [start, end] }) => onReport(start, end),
    ignore: () => {},
  };
}

function makeSource(content: string): SecretLintSourceCode {
  return {
    hasBOM: false,
    content,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: "text",
    ext: "",
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    // rules report by index alone
    indexToPosition: () => START,
    positionToIndex: () => 0,
    rangeToLocation: () => ({ start: START, end: START }),
    locationToRange: () => [0, 0],
  };
}

function makeFinding(rule: string, offset: number, value: string): Finding {
  return {
    ...{ rule, provider: "any", encodings: [], offset, length: value.length },
    ...{ excerpt: maskSecret(value), example: isExample(value), digest: digestSecret(value) },
  };
}
