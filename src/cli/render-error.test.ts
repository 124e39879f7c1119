import { expect, test } from "vitest";
import { BottleError } from "../base/errors.ts";
import { renderError } from "./render-error.ts";

test("what an error quotes does nothing to the terminal, and its lines stay", () => {
  const error = new BottleError("launch/failed", "it said: \x1b]0;mine\x07\x1b[2J\nand \u202emore", {
    hint: "try\r this",
  });
  const text = "bottle: it said: \\x1b]0;mine\\x07\\x1b[2J\nand \\u202emore [launch/failed]\n  hint: try\\r this";
  expect(renderError(error, "1")).toBe(text);
  expect(renderError(new AggregateError([error, error]), "1")).toBe(`${text}\n${text}`);
});

test("a fault of ours does nothing to the terminal either, nor does its cause", () => {
  const fault = new Error("not \x1b[2Jexpected", { cause: new Error("because \x9b1m of \x07") });
  const text = renderError(fault, "1.2.3");
  expect(text).toContain("Error: not \\x1b[2Jexpected\n");
  expect(text).toContain("caused by: Error: because \\x9b1m of \\x07\n");
  expect(text).not.toMatch(/[^\n\x20-\x7e]/);
});
