import { expect, test } from "vitest";
import { BottleError } from "./errors.ts";
import { makePaths } from "./paths.ts";

test("everything lies below the home folder, or where the variables say", () => {
  expect(makePaths({}, "/home/ada")).toMatchObject({
    bottles: "/home/ada/.bot-bottle/bottles",
    cache: "/home/ada/.cache/bot-bottle",
  });
  expect(makePaths({ BOT_BOTTLE_HOME: "/srv/b", XDG_CACHE_HOME: "/srv/c" }, "/home/ada")).toMatchObject({
    bottles: "/srv/b/bottles",
    cache: "/srv/c/bot-bottle",
  });
});

test.each([
  [{}, ""],
  [{}, "home"],
  [{ BOT_BOTTLE_HOME: ".bot-bottle" }, "/home/ada"],
  [{ BOT_BOTTLE_HOME: "./x" }, "/home/ada"],
])("a home that depends on the current folder is refused: %j in %j", (env, userHome) => {
  expect(() => makePaths(env, userHome)).toThrow(BottleError);
});

test("a cache that depends on the current folder is ignored", () => {
  expect(makePaths({ XDG_CACHE_HOME: "cache" }, "/home/ada").cache).toBe("/home/ada/.cache/bot-bottle");
  expect(makePaths({ BOT_BOTTLE_HOME: "/srv/b" }, "").cache).toBe("/srv/b/.cache/bot-bottle");
});
