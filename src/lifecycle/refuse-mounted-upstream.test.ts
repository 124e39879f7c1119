import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refuseMountedUpstream } from "./refuse-mounted-upstream.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bottle-upstream-")));
  for (const name of ["app/sub dir", "app-two.git", "ünï"]) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync("app/sub dir", join(folder, "link"));
  symlinkSync("../app", join(folder, "ünï/back"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const owner = { uid: 1000, gid: 1000 };
const check = (path: string, source = "app", mode: "mount" | "none" = "mount"): void =>
  refuseMountedUpstream(
    { kind: "file", name: "up", url: `file://${folder}/${path}` },
    mode === "none" ? { mode } : { mode, source: join(folder, source), owner },
  );

test.each([
  ["the folder itself", "app", "app"],
  ["below it", "app/sub dir", "app"],
  ["not there yet", "app/later.git", "app"],
  ["with escapes", "app/sub%20dir", "app"],
  ["with all of it escaped", "%61pp", "app"],
  ["through a link", "link", "app"],
  ["through a link whose way is not ASCII", "%C3%BCnï/back", "app"],
  ["by the suffix that git adds", "app-two", "app-two.git"],
  ["the way back", "app-two.git/../app", "app"],
])("an upstream in the mounted folder is refused: %s", (_how, path, source) =>
  expect(() => check(path, source)).toThrow(expect.objectContaining({ code: "workspace/not-allowed" })),
);

test("one beside it, of another kind, or without a mount is not", () => {
  check("app-two.git");
  check("ap");
  check("app", "app", "none");
  const workspace = { mode: "mount", source: folder, owner } as const;
  refuseMountedUpstream({ kind: "ssh", name: "up", url: "git@example.test:app.git" }, workspace);
});
