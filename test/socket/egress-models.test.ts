import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import type { RouteAuth } from "../../src/manifest/bottle.ts";
import type { StubModel } from "../fixtures/model-script.ts";
import { makeStubAnthropic } from "../fixtures/stub-anthropic.ts";
import { makeStubOpenai } from "../fixtures/stub-openai.ts";
import {
  BEARER,
  connectTlsTunnel,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  readAll,
  readUntil,
  sendTls,
  TOKEN,
  type World,
  withCredential,
} from "./egress/harness.ts";

const API_KEY: RouteAuth = { scheme: "header", name: "x-api-key", tokenRef: { kind: "env", variable: "TOKEN" } };

type Provider = {
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly auth: RouteAuth;
  readonly make: () => StubModel;
  readonly body: string;
  readonly placeholder: string;
  readonly end: string;
};

const PROVIDERS: readonly Provider[] = [
  {
    name: "Anthropic",
    host: "api.anthropic.com",
    path: "/v1/messages?beta=true",
    auth: API_KEY,
    make: () => makeStubAnthropic((headers) => headers["x-api-key"] === TOKEN && headers.authorization === undefined),
    body: JSON.stringify({ stream: true, tools: [{ name: "Bash" }], messages: [{ role: "user", content: "hello" }] }),
    placeholder: "X-Api-Key: placeholder\r\nAuthorization: Bearer placeholder",
    end: "event: message_stop",
  },
  {
    name: "OpenAI",
    host: "api.openai.com",
    path: "/v1/responses",
    auth: BEARER,
    make: () => makeStubOpenai((headers) => headers.authorization === `Bearer ${TOKEN}`),
    body: JSON.stringify({ stream: true, input: [{ role: "user", content: "hello" }] }),
    placeholder: "Authorization: Bearer placeholder",
    end: "event: response.completed",
  },
];

let scope: Scope;
let stub: StubModel;
let world: World;

beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

describe.each(PROVIDERS)(
  "a model of $name behind the way out",
  ({ host, path, auth, make, body, placeholder, end }) => {
    const request = (more = "Connection: close\r\n") =>
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${placeholder}\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
    const ask = () => sendTls(world, `${host}:443`, request());

    beforeEach(async () => {
      stub = make();
      const origin = await openHttpsOrigin(scope, host, stub.handle);
      world = await openWorld(scope, {
        routes: [withCredential(makeRoute(host, { auth }))],
        resolve: [pin(host, origin)],
      });
    });

    test("streams a whole answer, and saw the real credential in place of the placeholder", async () => {
      stub.play([
        { kind: "run", command: "echo hi" },
        { kind: "say", text: "done it" },
      ]);
      expect(await ask()).toContain("echo hi");
      const second = await ask();
      expect(second).toContain("done it");
      expect(second).toContain(end);
      expect(JSON.stringify(stub.asked)).not.toContain("placeholder");
      expect(stub.seen.map(({ status }) => status)).toEqual([200, 200]);
    });

    test("hands on each word when it is said", async () => {
      stub.play([{ kind: "slow", text: "first second", pauseMs: 400 }]);
      const socket = await connectTlsTunnel(world, `${host}:443`);
      socket.write(request());
      const early = await readUntil(socket, "first ");
      expect(early).not.toContain("second");
      expect(await readAll(socket)).toContain("second");
    });

    test("an answer that breaks off is seen to break off", async () => {
      stub.play([{ kind: "drop" }]);
      const answer = await ask();
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).not.toContain(end);
      expect(answer.endsWith("0\r\n\r\n")).toBe(false); // a client must not take it for whole
    });

    test.each([401, 429, 529])("%d goes through with its words", async (status) => {
      stub.play([{ kind: "fail", status, times: 2 }]);
      for (const _ of [1, 2]) {
        const answer = await ask();
        expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(answer).toContain(`the stub says ${status}`);
      }
      expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
    });

    test("two conversations at once follow each its own script", async () => {
      stub.play([{ kind: "say", text: "not for these" }], "someone else");
      stub.play([{ kind: "say", text: "for these" }], "hello");
      expect(await ask()).toContain("for these");
      expect(await ask()).toContain("nothing left to do");
    });
  },
);

test("a model that is asked with a credential it does not know answers 401, whatever the script says", async () => {
  const model = makeStubOpenai(({ authorization }) => authorization === "Bearer other");
  model.play([{ kind: "say", text: "welcome" }]);
  const origin = await openHttpsOrigin(scope, "api.openai.com", model.handle);
  const routes = [withCredential(makeRoute("api.openai.com", { auth: BEARER }))];
  world = await openWorld(scope, { routes, resolve: [pin("api.openai.com", origin)] });
  const head = "GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nConnection: close\r\n\r\n";
  expect(await sendTls(world, "api.openai.com:443", head)).toMatch(/^HTTP\/1\.1 401 /);
  expect(model.seen).toMatchObject([{ path: "/v1/models", status: 401 }]);
  expect(model.asked).toEqual([]);
});
