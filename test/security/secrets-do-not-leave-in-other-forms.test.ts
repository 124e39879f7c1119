import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { makeRoute, type Origin, openHttpsOrigin, openWorld, pin, plain, sendTls } from "../socket/egress/harness.ts";

/** Forms that were thought of after the others, each sent through a proxy that has seen nothing before it. */
const HOST = "api.example.com";
const SECRET = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
const scope = new Scope();
const opened: { origin?: Origin } = {};

beforeAll(async () => {
  opened.origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    request.resume().on("end", () => response.end("ok"));
  });
});
afterAll(() => scope.close());

const open = () =>
  openWorld(
    scope,
    { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, opened.origin ?? { port: 0 })] },
    { known: [{ name: "API_TOKEN", value: SECRET }] },
  );
const head = (line: string, fields = "") => `${line} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${fields}\r\n`;
const post = (body: string | Buffer, type = "text/plain") => {
  const bytes = Buffer.from(body);
  return `${head("POST /x", `Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n`)}${bytes.toString("latin1")}`;
};
const json = (value: unknown) => post(JSON.stringify(value), "application/json");
const form = (...parts: readonly (readonly [string, string | Buffer])[]) => {
  const pieces = parts.flatMap(([disposition, content]) => [
    Buffer.from(`--Xb\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
  return post(Buffer.concat([...pieces, Buffer.from("--Xb--\r\n")]), "multipart/form-data; boundary=Xb");
};
const zip = (text: string) => {
  const header = Buffer.alloc(31, "a");
  header.fill(0, 0, 30).write("PK\x03\x04", "latin1");
  header.writeUInt16LE(8, 8);
  header.writeUInt16LE(1, 26);
  return Buffer.concat([header, deflateRawSync(text), Buffer.from("PK\x01\x02\xff", "latin1")]);
};
const cut = (text: string, size: number) => text.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
const [first = "", second = ""] = cut(SECRET.replace("-", ""), 16);
const codes = [...Buffer.from(SECRET)];
const rotated = SECRET.replace(/[A-Za-z]/g, (letter) => {
  return String.fromCharCode(letter.charCodeAt(0) + ((letter.charCodeAt(0) & 31) > 13 ? -13 : 13));
});

test.each<readonly [string, readonly string[]]>([
  ["names of headers", [head("GET /", `X-${first}: 1\r\nX-${second}: 1\r\n`)]],
  ["names of headers of two requests", [head("GET /", `X-${first}: 1\r\n`), head("GET /", `X-${second}: 1\r\n`)]],
  ["names in the query", [head(`GET /?${cut(SECRET, 8).join("=1&")}=1`)]],
  ["names in the queries of several requests", cut(SECRET, 8).map((piece) => head(`GET /?v=1&${piece}=1`))],
  ["names of JSON", [json({ [first]: { [second]: 1 } })]],
  ["names of parts of a form", [form([`name="${first}"`, "1"], [`name="${second}"`, "1"])]],
  ["parts of a form", [form(['name="a"', first], ['name="b"', second])]],
  ["parts of the forms of several requests", cut(SECRET, 8).map((piece) => form(['name="a"', piece]))],
  ["the name of a file", [form([`name="a"; filename="${SECRET}.txt"`, "x"])]],
  [
    "the end of an address that stays",
    cut(SECRET, 8).map((piece) => head("GET /", `Referer: https://a.example/${piece}?x=1\r\n`)),
  ],
  ["an archive", [form(['name="a"; filename="a.zip"', zip(`words ${SECRET}`)])]],
  ["a packed archive", [post(gzipSync(zip(`words ${SECRET}`)))]],
  ["an archive in base64", [json({ file: zip(`words ${SECRET}`).toString("base64") })]],
  ["letters that no screen shows", [post(`hi ${codes.map((code) => String.fromCodePoint(0xe0000 + code)).join("")}`)]],
  ["numbers of letters", [json({ data: codes })]],
  ["a program that puts numbers together", [post(codes.map((code) => `chr(${code})`).join("+"))]],
  ["digits of two", [post(codes.map((code) => code.toString(2).padStart(8, "0")).join(" "))]],
  ["rot13", [post(rotated)]],
  ["uuencode", [post(`begin 644 a\n@${uuencode(SECRET)}\n\`\nend\n`)]],
  [
    "letters of mathematics",
    [post(SECRET.replace(/[a-z]/g, (letter) => String.fromCodePoint(0x1d3b9 + letter.charCodeAt(0))))],
  ],
  ["escapes of base64", [post(`{"a":"${escapes(Buffer.from(SECRET).toString("base64"))}"}`, "application/json")]],
])("a secret does not leave as %s", async (_, requests) => {
  const world = await open();
  const answers: string[] = [];
  for (const request of requests) answers.push(await sendTls(world, `${HOST}:443`, request));
  expect(answers.at(-1)).toContain("egress/secret-in-request");
  expect(world.bugs).toEqual([]);
});

test("ordinary requests with the same forms pass", async () => {
  const world = await open();
  for (const request of [
    form(['name="a"', "first"], ['name="b"; filename="b.zip"', zip("words ".repeat(100))]),
    json({ data: [...Buffer.from("only some words")], other: { data: 1 } }),
    head("GET /?page=1&sort=name", "X-Request-Id: 1\r\nReferer: https://a.example/page/1\r\n"),
    head("GET /?page=2&sort=name", "X-Request-Id: 2\r\nReferer: https://a.example/page/2\r\n"),
  ]) {
    expect(await sendTls(world, `${HOST}:443`, request)).toContain("200 OK");
  }
});

function uuencode(text: string): string {
  return Buffer.from(text)
    .toString("base64")
    .replace(/=+$/, "")
    .replace(/./g, (digit) => {
      const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(digit);
      return value === 0 ? "`" : String.fromCharCode(32 + value);
    });
}

function escapes(text: string): string {
  return [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
