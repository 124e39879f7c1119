import fc from "fast-check";
import { expect, test } from "vitest";
import { SecretValue } from "../../base/secret-value.ts";
import type { RouteAuth } from "../../manifest/bottle.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { makeField } from "../wire/fields.ts";
import { cleanCredentials, isCredentialHeader } from "./inbound-credentials.ts";
import { echoesOf, makeCredentialField } from "./outgoing-credential.ts";

const REF = { kind: "env", variable: "T" } as const;

function compiled(mode: "strip" | "refuse" | "pass", auth?: RouteAuth, value = "tok/en+1234"): CompiledRoute {
  return {
    index: 0,
    agent: undefined,
    credential: auth === undefined ? undefined : new SecretValue("T", value),
    matches: [],
    route: {
      host: "a.com",
      ports: [443],
      matches: [],
      auth,
      inboundCredentials: mode,
      git: { fetch: false },
      dlp: {
        outboundDetectors: undefined,
        inboundDetectors: undefined,
        inboundOnMatch: "warn",
        outboundOnMatch: undefined,
      },
      allowPrivate: false,
      limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
      at: { file: "t.md", line: 1 },
    },
  };
}

test("knows credentials by the name of their header", () => {
  for (const name of [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "apikey",
    "x-goog-api-key",
    "x-auth-token",
    "private-token",
    "job-token",
    "x-vault-token",
    "x-amz-security-token",
    "dd-api-key",
    "ocp-apim-subscription-key",
  ]) {
    expect(isCredentialHeader(name), name).toBe(true);
  }
  for (const name of [
    "accept",
    "content-type",
    "x-request-id",
    "anthropic-version",
    "idempotency-key",
    "sec-websocket-key",
    "user-agent",
    "if-none-match",
    "x-amz-date",
  ]) {
    expect(isCredentialHeader(name), name).toBe(false);
  }
});

test("a header that servers read under another spelling is the same header", () => {
  const route = compiled("strip", { scheme: "header", name: "X-Custom-Auth", tokenRef: REF });
  const fields = ["x-custom-auth", "X_Custom_Auth", "Proxy_Authorization", "X_Api_Key", "x-other"];
  const cleaned = cleanCredentials(route, { fields: fields.map((name) => makeField(name, "v")), query: undefined });
  expect(cleaned).toMatchObject({ kind: "clean", fields: [{ name: "x-other" }] });
  const passed = cleanCredentials(
    { ...route, route: { ...route.route, inboundCredentials: "pass" } },
    {
      fields: fields.map((name) => makeField(name, "v")),
      query: undefined,
    },
  );
  expect(passed).toMatchObject({ kind: "clean", fields: [{ name: "X_Api_Key" }, { name: "x-other" }] });
});

test("strip takes a credential out of a query that a server cuts at semicolons too, or reads as a list", () => {
  const route = compiled("strip", { scheme: "Bearer", tokenRef: REF });
  const after = (query: string) => {
    const cleaned = cleanCredentials(route, { fields: [], query });
    return cleaned.kind === "clean" ? cleaned.query : cleaned;
  };
  expect(after("a=1;access_token=mine&b=2;c=3")).toBe("a=1&b=2;c=3");
  expect(after("access_token=mine;a=1")).toBe("a=1");
  expect(after("access_token[]=mine&access_token%5B0%5D=mine&a[]=1")).toBe("a[]=1");
  expect(after("a=1;b=2&&c;=3")).toBe("a=1;b=2&&c;=3");
  expect(after(";access_token=x")).toBe(undefined);
});

test("strip leaves everything else as it was, byte for byte", () => {
  const parts = fc.array(fc.stringMatching(/^[a-zA-Z0-9%._~+-]{1,8}=[a-zA-Z0-9%._~+/-]{0,8}$/), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(parts, (query) => {
      const kept = query.filter((part) => !/^(?:access_token|oauth_token|authorization)=/i.test(part));
      const result = cleanCredentials(compiled("strip", { scheme: "Bearer", tokenRef: REF }), {
        fields: [],
        query: [...query, "access_token=evil"].join("&"),
      });
      expect(result).toEqual({ kind: "clean", fields: [], query: kept.length === 0 ? undefined : kept.join("&") });
    }),
  );
});

test("a query name of the injected header goes too, in any spelling", () => {
  const route = compiled("strip", { scheme: "header", name: "X-Goog-Api-Key", tokenRef: REF });
  const result = cleanCredentials(route, { fields: [], query: "key=evil&KEY=evil&%6bey=evil&a=1&x-goog-api-key=evil" });
  expect(result).toMatchObject({ query: "a=1" });
});

test.each(["strip", "pass"] as const)(
  "%s: the route's own header is not the client's to set in another spelling either",
  (mode) => {
    const route = compiled(mode, { scheme: "header", name: "X-Acme-Id", tokenRef: REF });
    const fields = ["x-acme-id", "X_Acme_Id", "X-ACME_ID"].map((name) => makeField(name, "evil"));
    const accept = makeField("Accept", "*/*");
    expect(cleanCredentials(route, { fields: [...fields, accept], query: undefined })).toMatchObject({
      fields: [accept],
    });
  },
);

test("pass keeps the client's own, but never in the place of the route's", () => {
  const fields = [
    makeField("Authorization", "Bearer mine"),
    makeField("Cookie", "c"),
    makeField("Proxy-Authorization", "p"),
  ];
  const names = (route: CompiledRoute) => {
    const result = cleanCredentials(route, { fields, query: undefined });
    return result.kind === "clean" ? result.fields.map((field) => field.lower) : [];
  };
  expect(names(compiled("pass"))).toEqual(["authorization", "cookie"]);
  expect(names(compiled("pass", { scheme: "Bearer", tokenRef: REF }))).toEqual(["cookie"]);
});

test("each scheme writes its header, and what it writes is known as an echo", () => {
  const written = (auth: RouteAuth, value: string) => makeCredentialField(compiled("strip", auth, value));
  expect(written({ scheme: "Bearer", tokenRef: REF }, "abcdefgh")).toMatchObject({
    name: "Authorization",
    value: "Bearer abcdefgh",
  });
  expect(written({ scheme: "token", tokenRef: REF }, "abcdefgh")).toMatchObject({ value: "token abcdefgh" });
  expect(written({ scheme: "header", name: "x-api-key", tokenRef: REF }, "abcdefgh")).toMatchObject({
    name: "x-api-key",
    value: "abcdefgh",
  });
  expect(written({ scheme: "basic", tokenRef: REF }, "u:secret12")).toMatchObject({
    value: `Basic ${btoa("u:secret12")}`,
  });
  expect(written({ scheme: "basic", tokenRef: REF }, "secret12")).toMatchObject({
    value: `Basic ${btoa("x-access-token:secret12")}`,
  });
  const echoes = echoesOf(compiled("strip", { scheme: "basic", tokenRef: REF }, "u:secret12")).map(String);
  expect(echoes).toEqual(expect.arrayContaining(["secret12", btoa("u:secret12"), btoa("secret12")]));
});
