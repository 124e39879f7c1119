import { expect, test } from "vitest";
import { makeRefusal } from "../refusal.ts";
import { makeField } from "../wire/fields.ts";
import { renderRefusal } from "./refusal-reply.ts";

const refusal = makeRefusal("egress/host-not-allowed", "no route", "evil.net is not allowed", "ask the operator");
const as = (agent: string) => renderRefusal(refusal, [makeField("User-Agent", agent)]);

test("most clients get JSON with code, rule, message and what to do", () => {
  const { status, type, text } = renderRefusal(refusal, []);
  expect({ status, type }).toEqual({ status: 403, type: "application/json" });
  expect(JSON.parse(text)).toEqual({
    error: {
      code: "egress/host-not-allowed",
      rule: "no route",
      message: "evil.net is not allowed",
      what_to_do: "ask the operator",
    },
  });
});

test("git gets lines, package managers a string", () => {
  expect(as("git/2.39.5")).toMatchObject({
    type: "text/plain",
    text: expect.stringMatching(/^evil\.net is not allowed\nask/),
  });
  expect(JSON.parse(as("npm/11.0.0 node/v20").text)).toMatchObject({
    error: "evil.net is not allowed; ask the operator",
  });
});

test("the reason phrase can never end its line", () => {
  const odd = makeRefusal("egress/host-not-allowed", "r", `a\r\nSet-Cookie: x\0é${"y".repeat(500)}`, "w");
  expect(renderRefusal(odd, []).reason).toMatch(/^[\x20-\x7e]{1,160}$/);
});
