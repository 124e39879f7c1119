import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeTokenDetector } from "./scan-tokens.ts";

const detector = makeTokenDetector();
const scan = (text: string) => detector.scan(Buffer.from(text));
const rulesOf = (text: string) => scan(text).map(({ rule }) => rule);

/** Made here, so that no token stands in this file. */
const made = (prefix: string, length: number, alphabet = "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0") =>
  prefix + [...Array(length).keys()].map((at) => alphabet[(at * 7 + 3) % alphabet.length]).join("");

describe("tokens with a form of their own", () => {
  test.each([
    ["github-token", made("ghp_", 36)],
    ["github-token", made("github_pat_", 82)],
    ["gitlab-token", made("glpat-", 20)],
    ["anthropic-key", `${made("sk-ant-api03-", 93)}AA`],
    ["aws-key-id", made("AKIA", 16, "QWERTYUIOP234567")],
    ["slack-token", `xoxb-1234567890-${made("", 24)}`],
    ["stripe-key", made("sk_live_", 24)],
    ["npm-token", made("npm_", 36)],
    ["private-key", `-----BEGIN RSA PRIVATE KEY-----\n${made("", 200)}\n-----END RSA PRIVATE KEY-----`],
    ["jwt", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${made("", 43)}`],
  ])("%s", (rule, token) => {
    for (const text of [token, `before ${token} after`, `{"a":"${token}"}`, `?q=${token}&r=1`, `x\\n${token}`]) {
      const [finding] = scan(text);
      expect(finding?.rule).toBe(rule);
      expect(text.slice(finding?.offset, (finding?.offset ?? 0) + (finding?.length ?? 0))).toBe(token);
      expect(JSON.stringify(finding)).not.toContain(token.slice(4));
    }
  });

  test("of documentation are found, and said to be examples", () => {
    const [finding] = scan("aws_access_key_id = AKIAIOSFODNN7EXAMPLE");
    expect(finding).toMatchObject({ rule: "aws-key-id", example: true });
  });

  test("that are only shown as a shape are not", () => {
    expect(rulesOf(`ghp_${"x".repeat(36)} AKIA${"X".repeat(16)} xoxb-xxxx-xxxx`)).toEqual([]);
  });

  test("inside of longer words are not", () => {
    expect(rulesOf(`abc${made("AKIA", 16, "QWERTYUIOP234567")}`)).toEqual([]);
  });
});

describe("values that their names say are secret", () => {
  const value = made("", 32);
  test.each([
    `api_key = "${value}"`,
    `"clientSecret": "${value}"`,
    `DEPLOY_TOKEN=${value}`,
    `<authToken>\n  ${value}\n</authToken>`,
    `curl -H "Authorization: Bearer ${value}"`,
    `secretKey := \`${value}\``,
    `{\\"access_token\\":\\"${value}\\"}`,
    "db_password: 'Tr0ub4dor&3xyz'",
    `$appToken .= "${value}"`,
    `setProperty("APP_TOKEN", "${value}")`,
    `telegram_token: 12345678:A${made("", 34)}`,
  ])("%s", (text) => expect(scan(text).length).toBeGreaterThan(0));

  test.each([
    "const token = request.headers.authorization;",
    'password: "${DB_PASSWORD}"',
    "publicKey = 9Cnzj4p4WGeKLs1Pt8QuKUpRKf",
    "token: string; secret: Buffer; key: number",
    'keyword: "some-long-name-2024"',
    "export API_KEY=<your-api-key-here>",
    "the secret, 2024-11-26T10:00:00Z was kept",
    `write({"credentials": secret, "${made("home/.ssh/", 24)}": other})`,
  ])("but not in %s", (text) => expect(rulesOf(text)).toEqual([]));

  test("a login in a URL is one, unless everybody knows it", () => {
    expect(rulesOf("postgres://app:h7Gk2pQz9x@db.internal/x")).toEqual(["url-login"]);
    expect(rulesOf("postgres://postgres:password@localhost/x")).toEqual([]);
  });
});

test("any bytes are searched without a fault, and findings lie inside of them", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "sk-ant-",
      "AKIA",
      "eyJ",
      "-----BEGIN PRIVATE KEY-----",
      "token=",
      "://",
      ":",
      "@",
      "=",
      '"',
      "key",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(""));
      for (const { offset, length } of detector.scan(bytes)) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
      }
    }),
  );
});

test.each([
  "eyJ",
  "sk-",
  "key",
  "://a:",
  "-----BEGIN PRIVATE KEY-----",
  "token=",
  "AKIA",
  "xoxb-1234567890-",
  "ghp_a.",
  "kind:Secret,data:{\n",
  "kind:Secret,data:{a:AAAAAAAAAAA,",
  "data:\n kind: Secret\n",
  "curl -u -u ",
  "Basic AAAAAAAA ",
])("%s over and over does not take long", (text) => {
  const bytes = Buffer.from(text.repeat(Math.ceil(200_000 / text.length)));
  const before = performance.now();
  detector.scan(bytes);
  expect(performance.now() - before).toBeLessThan(3_000);
});

describe("logins in commands and headers", () => {
  const password = ["h0pk1ns", "21s"].join("~");
  test.each([
    `curl -u someone:${password} https://example.com`,
    `curl -s \\\n  --user 'someone:${password}' https://example.com`,
    `curl --proxy-user "someone:${password}"`,
    `curl -u :${password} x`,
    `["curl", "-u", "someone:${password}"]`,
    `Authorization: Basic ${Buffer.from(`someone:${password}`).toString("base64")}`,
  ])("%s", (text) => {
    const [finding] = scan(text);
    const found = text.slice(finding?.offset, (finding?.offset ?? 0) + (finding?.length ?? 0));
    expect([password, Buffer.from(`someone:${password}`).toString("base64")]).toContain(found);
  });

  test.each([
    'curl -u "$NAME:$PASSWORD" x',
    "curl -u <user:password> x",
    "curl -u user:password x",
    `sort -u some:${password}`,
    "Basic information: see below",
    "curl --user name x",
  ])("not in %s", (text) => {
    expect(scan(text)).toEqual([]);
  });
});

describe("a Secret of Kubernetes", () => {
  test("each of many, however near to each other", () => {
    const values = Array.from({ length: 20 }, (_, index) =>
      Buffer.from(`not in clear text ${index}`).toString("base64"),
    );
    const items = values.map((some) => ({ kind: "Secret", padding: "x".repeat(900), data: { some } }));
    const documents = values.map((some) => `---\nkind: Secret\ndata:\n  some: ${some}\n`).join("");
    for (const text of [JSON.stringify({ items }), documents]) {
      const found = scan(text).map(({ offset, length }) => text.slice(offset, offset + length));
      expect(new Set(found)).toEqual(new Set(values));
    }
  });

  const value = Buffer.from("not in clear text").toString("base64");
  test.each([
    `apiVersion: v1\nkind: Secret\ndata:\n  some: ${value}\n  other: "${value}"\nmetadata:\n  name: x\n`,
    `apiVersion: v1\ndata:\n\t# said twice\n\tsome: '${value}'\n\tother: >\n\t\t${value}\nkind: 'Secret'\n`,
    JSON.stringify({ kind: "Secret", data: { some: value, other: value } }),
  ])("each of its values: %s", (text) => {
    const found = scan(text).filter(({ rule }) => rule === "kubernetes-secret");
    expect(found.map(({ offset, length }) => text.slice(offset, offset + length))).toEqual([value, value]);
  });

  test.each([
    `kind: ConfigMap\ndata:\n  some: ${value}\n`,
    `kind: ExternalSecret\ndata:\n  some: ${value}\n`,
    `kind: Secret\ndata:\n  some: ""\nmetadata:\n  other: ${value}\n`,
    `kind: Secret\n---\nkind: ConfigMap\ndata:\n  some: ${value}\n`,
  ])("and nothing else: %s", (text) => {
    expect(scan(text)).toEqual([]);
  });
});
