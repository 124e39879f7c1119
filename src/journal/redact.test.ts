import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderCanonicalJson } from "../base/canonical-json.ts";
import { SecretValue } from "../base/secret-value.ts";
import { makeRedact, redactNothing } from "./redact.ts";

const secret = new SecretValue("API_KEY", 'sk-"p/a+s\ns=é?');
const redact = makeRedact([secret]);
const show = (what: string, by = redact) => renderCanonicalJson(by({ kind: "cleaned", what }));
const value = secret.expose("test");

describe("makeRedact", () => {
  test.each([
    ["as it is", value],
    ["as JSON", JSON.stringify(value)],
    ["as ASCII JSON", renderCanonicalJson(value)],
    ["percent-encoded", encodeURIComponent(value)],
    ["percent-encoded in lower case", encodeURIComponent(value).replace(/%../g, (part) => part.toLowerCase())],
    ["form-encoded", new URLSearchParams({ a: value }).toString()],
    ["base64", Buffer.from(value).toString("base64")],
    ["base64url", Buffer.from(value).toString("base64url")],
    ["hex", Buffer.from(value).toString("hex")],
  ])("finds it %s", (_how, text) => {
    expect(show(`x ${text} y`)).toMatch(/x .*\[secret API_KEY\].* y/);
  });

  test("says the same for the same, longest first, and every text of an event is looked at", () => {
    const both = makeRedact([new SecretValue("A", "token"), new SecretValue("B", "token-long")]);
    expect(both({ kind: "left-out", paths: ["token-long/token"], total: 1 })).toEqual({
      kind: "left-out",
      paths: ["[secret B]/[secret A]"],
      total: 1,
    });
  });

  test("the kind of an event is never touched, nor a text without a secret", () => {
    const event = { kind: "cleaned", what: "state" } as const;
    expect(makeRedact([new SecretValue("A", "cleaned")])(event)).toEqual(event);
    expect(makeRedact([new SecretValue("EMPTY", "")])).toBe(redactNothing);
  });

  test("one line of a long secret is as secret as all of it", () => {
    const key = `-----BEGIN KEY-----\n${"a1B2".repeat(16)}\n-----END KEY-----\n`;
    expect(show("a1B2".repeat(16), makeRedact([new SecretValue("KEY", key)]))).toContain("[secret KEY]");
  });

  test("a planted secret never appears in the line, in any of its forms", () => {
    const planted = fc.string({ unit: "grapheme", minLength: 8, maxLength: 40 });
    const forms: readonly ((secret: string, before: string) => string)[] = [
      (text) => text,
      (text) => JSON.stringify(text).slice(1, -1),
      (text) => encodeURIComponent(text),
      (text, before) => Buffer.from(`${before}${text}`).toString("base64"),
      (text, before) => Buffer.from(`${before}${text}`).toString("base64url"),
    ];
    fc.assert(
      fc.property(planted, fc.string({ maxLength: 20 }), fc.nat(4), (text, around, form) => {
        fc.pre(!`[secret P]${around}`.includes(text));
        const quoted = forms[form]?.(text, around) ?? "";
        const line = show(`${around}${quoted}${around}`, makeRedact([new SecretValue("P", text)]));
        expect(line).toContain("[secret P]");
        expect(line).not.toContain(text);
        expect(line).not.toContain(renderCanonicalJson(text).slice(1, -1));
        expect(JSON.parse(line).what).not.toContain(text);
      }),
    );
  });
});

test("a secret too long for a regular expression is taken out all the same", () => {
  const long = "pass word/%+=".repeat(10_000);
  const by = makeRedact([new SecretValue("TOKEN", long)]);
  expect(by({ kind: "cleaned", what: `--key=${long}` })).toEqual({ kind: "cleaned", what: "--key=[secret TOKEN]" });
});
