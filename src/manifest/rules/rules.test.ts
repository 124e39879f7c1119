import { describe, expect, test } from "vitest";
import { parseWritten } from "../parse-written.ts";
import { makeJsonSchema } from "../schema.ts";
import { parseYamlSource } from "../yaml-source.ts";
import { BOTTLE_RULES } from "./bottle-rules.ts";
import { CONFIG_RULES } from "./config-rules.ts";
import { checkRules } from "./rule.ts";

const FACTS = { userHome: "/home/ada" };

async function check(kind: "bottle" | "config", yaml: string): Promise<readonly string[]> {
  const source = parseYamlSource("f.md", yaml, 1);
  const found = await (kind === "bottle"
    ? parseWritten("bottle", source, makeJsonSchema("bottle")).then((parsed) =>
        parsed.kind === "written" ? checkRules(BOTTLE_RULES, parsed.written, source, FACTS) : parsed.problems,
      )
    : parseWritten("config", source, makeJsonSchema("config")).then((parsed) =>
        parsed.kind === "written" ? checkRules(CONFIG_RULES, parsed.written, source, FACTS) : parsed.problems,
      ));
  return found.map(
    ({ severity, line, column, code, message }) =>
      `${line}:${column} ${severity === "warning" ? "warning " : ""}${code.replace("manifest/", "")} ${message}`,
  );
}

describe("rules of bottles", () => {
  test.each([
    ["env: {1A: x}", '1:7 bad-env "1A" is not a variable\'s name'],
    ["env: {HOME: /x}", '1:7 bad-env "HOME" is set by the bottle itself'],
    ["env: {LD_PRELOAD: x}", '1:7 bad-env "LD_PRELOAD" would load code into the programs that set up the bottle'],
    ['env: {A: "a\\0b"}', '1:10 bad-env the value of "A" has a zero byte in it'],
    ['env: {A: "?"}', '1:10 bad-env the question for "A" is empty'],
    [
      `env: {A: "x-\${B}"}`,
      `1:10 warning env-literal the value of "A" is taken as it is; only a whole \${NAME} comes from the host`,
    ],
    ["agent_provider: {auth_token: sk-ant-123}", "1:30 bad-secret-ref this does not say where the secret is"],
    ["agent_provider: {auth_token: file:token}", "1:30 bad-secret-ref this does not say where the secret is"],
    ["agent_provider: {auth_token: {env: A, file: /b}}", "1:30 bad-secret-ref this does not say where the secret is"],
    ["agent_provider: {auth_token: {}}", "1:30 bad-secret-ref this does not say where the secret is"],
    ["agent_provider: {dockerfile: ../Dockerfile}", '1:30 bad-path "../Dockerfile" is not absolute'],
    ["agent_provider: {dockerfile: ./Dockerfile}", '1:30 bad-path "./Dockerfile" is not absolute'],
    ['agent_provider: {command: [""]}', "1:27 bad-value the command has no program"],
    ["git-gate: {repos: {My Repo: {url: 'git@h:p'}}}", '1:20 bad-name "My Repo" cannot name a repository'],
    ["git-gate: {repos: {a: {url: 'http://h/p'}}}", "1:29 bad-url the address is not encrypted"],
    ["git-gate: {repos: {a: {url: 'git@h:p', key: id}}}", '1:45 bad-path "id" is not absolute'],
    ["git-gate: {repos: {a: {url: 'https://h/p', key: /id}}}", '1:44 bad-url "key" has no use with this url'],
    ["git-gate: {repos: {a: {url: 'git@h:p', token_ref: T}}}", '1:40 bad-url "token_ref" has no use with this url'],
    ["git-gate: {repos: {a: {url: 'git@h:p', host_key: x}}}", "1:50 bad-value this is not a server's public key"],
    ["resources: {time: 30d}", '1:19 bad-size "30d" is too long'],
    ["workspace: {exclude: [../x]}", '1:23 bad-path "../x" leads out of the workspace'],
    ["workspace: {include: [/etc]}", '1:23 bad-path "/etc" leads out of the workspace'],
    ["egress: {routes: [{host: 'https://a'}]}", '1:26 bad-host "https://a" is a URL'],
    ["egress: {routes: [{host: a, ports: [1, 2, 1]}]}", "1:43 bad-port port 1 is listed twice"],
    [
      "egress: {routes: [{host: a, ports: [443, 80], auth: {scheme: Bearer, token_ref: T}}]}",
      "1:42 plaintext-credential a route that adds a credential cannot allow port 80",
    ],
    [
      "egress: {routes: [{host: a, auth: {scheme: header, token_ref: T}}]}",
      "1:35 missing-key scheme: header needs the header's name",
    ],
    [
      "egress: {routes: [{host: a, auth: {scheme: header, name: Host, token_ref: T}}]}",
      '1:58 bad-header "Host" cannot carry a credential',
    ],
    [
      "egress: {routes: [{host: a, auth: {scheme: header, name: 'a b', token_ref: T}}]}",
      '1:58 bad-header "a b" cannot carry a credential',
    ],
    [
      "egress: {routes: [{host: a, auth: {scheme: Bearer, name: x, token_ref: T}}]}",
      "1:52 bad-header a name is only for scheme: header",
    ],
    [
      "egress: {routes: [{host: a, auth: {scheme: Bearer, token_ref: 'my token'}}]}",
      "1:63 bad-secret-ref this does not say where the secret is",
    ],
    [
      "egress: {routes: [{host: a, matches: [{paths: [{type: regex, value: '('}]}]}]}",
      '1:69 bad-regex "(" does not compile',
    ],
    [
      "egress: {routes: [{host: a, matches: [{paths: [{type: regex, value: 'a)|(b'}]}]}]}",
      '1:69 bad-regex "a)|(b" does not compile',
    ],
    [
      "egress: {routes: [{host: a, matches: [{paths: [{type: prefix, value: v1}]}]}]}",
      '1:70 bad-path "v1" is not a path',
    ],
    [
      "egress: {routes: [{host: a, matches: [{headers: [{name: 'x:'}]}]}]}",
      '1:57 bad-header "x:" is not a header\'s name',
    ],
  ])("%s", async (yaml, expected) => {
    expect(await check("bottle", `${yaml}\n`)).toEqual([expected]);
  });

  test("a token in place of a reference is not repeated", async () => {
    expect((await check("bottle", "agent_provider: {auth_token: sk-ant-123}\n")).join()).not.toContain("sk-ant");
  });

  test.each(["T", "env:T", "file:/run/token", "file:~/token"])(
    "auth_token: %s says where the secret is",
    async (ref) => {
      expect(await check("bottle", `agent_provider: {auth_token: '${ref}'}\n`)).toEqual([]);
    },
  );
});

describe("rules of the machine-wide file", () => {
  test.each([
    ["extra_ca: ca.pem", '1:11 bad-path "ca.pem" is not absolute'],
    ["upstream_proxy: proxy.example", "1:17 bad-url this is not a proxy's address"],
    ["upstream_proxy: socks5://proxy.example", "1:17 bad-url this is not a proxy's address"],
    ["upstream_proxy: http://u:p@proxy.example", "1:17 bad-url credentials of a proxy are not kept in a file"],
    ["upstream_proxy: http://proxy.example/x", "1:17 bad-url a proxy has no path"],
    ["resolve: {'*.a.example': '127.0.0.1:1'}", '1:11 bad-host "*.a.example" is not one name'],
    ["resolve: {'a:1': '127.0.0.1:1'}", '1:11 bad-host "a:1" has a port in it'],
    ["resolve: {a: 127.0.0.1}", '1:14 bad-value "127.0.0.1" is not an ADDRESS:PORT'],
    ["resolve: {a: 'b:80'}", '1:14 bad-value "b:80" is not an ADDRESS:PORT'],
    ["resolve: {a: '127.0.0.1:65536'}", '1:14 bad-value "127.0.0.1:65536" is not an ADDRESS:PORT'],
    ["registry_image: registry:2", '1:17 bad-value "registry:2" does not say which content it means'],
    ["tools: [node]", '1:9 bad-path "node" is not absolute'],
    ["tools: [/]", '1:9 bad-path "/" would bring your home folder into every bottle'],
    ["tools: [/home/]", '1:9 bad-path "/home/" would bring your home folder into every bottle'],
    ["tools: ['~/']", '1:9 bad-path "~/" would bring your home folder into every bottle'],
    ["tools: [/opt/../home/ada]", '1:9 bad-path "/opt/../home/ada" would bring your home folder into every bottle'],
  ])("%s", async (yaml, expected) => {
    expect(await check("config", `${yaml}\n`)).toEqual([expected]);
  });

  test("what is right passes", async () => {
    const yaml = `
backend: local
extra_ca: ~/ca.pem
upstream_proxy: http://proxy.example:3128
resolve: {registry.test: "127.0.0.1:4873", six.test: "[::1]:443"}
tools: [/opt/node, ~/.nvm/versions]
registry_image: registry:2.8.3@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
`;
    expect(await check("config", yaml)).toEqual([]);
  });
});
