import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../base/process.ts";
import { makeHomeFiles } from "./home-files.ts";

test.each([
  ["Ada Lovelace", "ada@example.com"],
  ['a "quoted" \\ name # and ; signs', "x@y"],
  ["two\nlines\n[core]\n\tfsmonitor = evil", "a@b"],
])("git reads back the name %j and nothing more", async (name, email) => {
  const folder = mkdtempSync(join(tmpdir(), "bottle-home-"));
  try {
    const file = makeHomeFiles({ user: { name, email }, remotes: [], firstKeys: [] }, false).find(
      ({ path }) => path === ".gitconfig",
    );
    writeFileSync(join(folder, "config"), file?.content ?? "");
    const { stdout } = await run(["git", "config", "-z", "--file", join(folder, "config"), "--list"], {
      env: { PATH: "/usr/bin:/bin" },
    });
    const settings = Object.fromEntries(
      stdout
        .toString("utf8")
        .split("\0")
        .filter((line) => line !== "")
        .map((line) => [line.slice(0, line.indexOf("\n")), line.slice(line.indexOf("\n") + 1)]),
    );
    expect(settings).toEqual({
      "user.name": name,
      "user.email": email,
      "init.defaultbranch": "main",
      "advice.detachedhead": "false",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
