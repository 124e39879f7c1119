import { inspect } from "node:util";
import { expect, test } from "vitest";
import { BottleError } from "../base/errors.ts";
import { SecretValue } from "../base/secret-value.ts";
import { resolveEnv } from "./resolve-env.ts";

test("literal, host and prompted values arrive; only the last two are secrets", async () => {
  const entries = [
    { kind: "literal", name: "MODE", value: "fast" },
    { kind: "host", name: "TOKEN", variable: "MY_TOKEN" },
    { kind: "prompt", name: "PIN", question: "Your pin" },
  ] as const;
  const env = await resolveEnv(entries, { MY_TOKEN: "hunter2" }, async () => "1234");
  expect(env.get("MODE")).toBe("fast");
  const token = env.get("TOKEN");
  expect(token).toBeInstanceOf(SecretValue);
  expect(token instanceof SecretValue && token.expose("test")).toBe("hunter2");
  expect(inspect(env) + JSON.stringify([...env])).not.toMatch(/hunter2|1234/);
});

test("every missing host variable is named at once, and no value of another", async () => {
  const entries = [
    { kind: "host", name: "A", variable: "HOST_A" },
    { kind: "host", name: "B", variable: "HOST_B" },
    { kind: "host", name: "C", variable: "HOST_C" },
  ] as const;
  const error = await resolveEnv(entries, { HOST_C: "value-of-c" }, undefined).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BottleError);
  expect(String(error)).toContain("HOST_A, HOST_B");
  expect(inspect(error)).not.toContain("value-of-c");
});

test("an empty host variable is there", async () => {
  const env = await resolveEnv([{ kind: "host", name: "A", variable: "HOST_A" }], { HOST_A: "" }, undefined);
  expect(String(env.get("A"))).toBe("[secret A]");
});

test("a question without anybody to answer it stops the start", async () => {
  const entries = [{ kind: "prompt", name: "PIN", question: "Your pin" }] as const;
  await expect(resolveEnv(entries, {}, undefined)).rejects.toThrow(/PIN/);
});
