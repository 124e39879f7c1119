import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

const [caller = { who: "root", uid: 0 }] = callers;

describe("bottle explain", () => {
  let machine: Machine;

  beforeAll(() => {
    machine = new Machine(caller);
    machine.bottle(
      "dev",
      [
        "egress:",
        "  routes:",
        "    - host: api.example.com",
        "      auth: {scheme: Bearer, token_ref: NOT_SET_ANYWHERE}",
        "      dlp: {outbound_on_match: block}",
        "      matches:",
        "        - methods: [GET]",
        "        - methods: [POST]",
        "          paths: [{type: regex, value: '/v[12]/.*'}]",
        '    - host: "*.example.com"',
        "      ports: [443, 8443]",
      ].join("\n"),
    );
    machine.bottle("claude", "agent_provider: {template: claude, auth_token: MY_KEY}");
    machine.bottle("broken", "egress: {routes: [{host: '*.com'}]}");
  });
  afterAll(() => machine.close());

  const explain = (...argv: readonly string[]) => machine.run(["explain", ...argv]);

  test("names the line that lets a request pass, and needs no credential for it", async () => {
    const { code, stdout } = await explain("post", "https://api.example.com/v2/x", "--bottle", "dev");
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "POST https://api.example.com/v2/x  passes",
        `route        api.example.com, ${machine.settings}/bottles/dev.md:9`,
        "credential   Bearer from $NOT_SET_ANYWHERE, added outside",
        "from inside  a credential in the request: taken out",
        "screening    a secret of the bottle: the request is refused",
        "             tokens: the request is refused",
        "address      looked up; refused if it is private",
        "",
      ].join("\n"),
    );
  });

  test("names the lines that do not, exit code 1", async () => {
    const { code, stdout } = await explain("GET", "https://www.example.com:9443/", "-b", "dev", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ version: 1, method: "GET", verdict: "refuse", code: "egress/port-not-allowed" },
      places: [{ host: "*.example.com", file: `${machine.settings}/bottles/dev.md`, line: 12 }],
    });
    const none = await explain("GET", "https://evil.example.net/", "--bottle", "dev");
    expect(none).toMatchObject({ code: 1 });
    expect(none.stdout).toMatch(
      /^GET https:\/\/evil.example.net\/ {2}refused\nwhy +evil.example.net is not allowed \[egress\/host-not-allowed\]/,
    );
    expect(none.stdout).toMatch(/route +none of .*dev\.md has one for this host/);
  });

  test("knows what an agent program may reach, and what becomes of a token there", async () => {
    const model = await explain("POST", "https://api.anthropic.com/v1/messages", "-b", "claude");
    expect(model).toMatchObject({ code: 0 });
    expect(model.stdout).toContain("from $MY_KEY, added outside");
    expect(model.stdout).toContain("tokens: taken out before the request leaves");
    const key = await explain("POST", "https://api.anthropic.com/api/oauth/claude_cli/create_api_key", "-b", "claude");
    expect(key).toMatchObject({ code: 1 });
  });

  test("says what is wrong with the question or the manifest", async () => {
    const url = await explain("GET", "api.example.com", "-b", "dev");
    expect(url).toMatchObject({ code: 2, stdout: "" });
    expect(url.stderr).toContain('"api.example.com" is no http:// or https:// URL [input/usage]');
    const broken = await explain("GET", "https://a.example.com/", "-b", "broken");
    expect(broken).toMatchObject({ code: 2, stdout: "" });
    expect(broken.stderr).toContain("manifest/bad-host");
    expect((await explain("GET", "https://a.example.com/", "-b", "nobody")).stderr).toContain("[manifest/not-found]");
  });
});
