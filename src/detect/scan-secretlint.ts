import type { SecretLintRuleContext, SecretLintSourceCode } from "@secretlint/types";
import { type Detector, digestSecret, type Finding, isExample, maskSecret } from "./finding.ts";

const MOST_FINDINGS = 100;
const START = { line: 1, column: 0 };

/**
 * The rules of secretlint as one more detector. Only its rules: the preset also brings one that lets the searched text switch
 * the others off (`secretlint-disable`), and what is searched here is hostile. Loaded when a route asks for it.
 */
export async function loadSecretlintDetector(): Promise<Detector> {
  const { rules } = await import("@secretlint/secretlint-rule-preset-recommend");
  const scanners = rules.filter(({ meta }) => !meta.id.includes("filter"));
  return {
    name: "secretlint",
    scan: (bytes) => {
      const content = bytes.toString("latin1"); // a place in it is a place in the bytes
      const findings: Finding[] = [];
      for (const rule of scanners) {
        const name = rule.meta.id.replace(/^.*secretlint-rule-/, "secretlint-");
        const handler = rule.create(
          makeContext((start, end) => {
            if (findings.length < MOST_FINDINGS) findings.push(makeFinding(name, start, content.slice(start, end)));
          }),
          {},
        );
        try {
          void Promise.resolve(handler.file?.(makeSource(content))).catch(() => {}); // a rule for files only
        } catch {
          // a rule that cannot read this text finds nothing in it
        }
      }
      return findings;
    },
  };
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
