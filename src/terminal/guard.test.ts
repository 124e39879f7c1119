import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { openTerminalGuard } from "./guard.ts";

test("what is no terminal is refused with a way out", async () => {
  const fd = openSync("/dev/null", "r+");
  const opened = openTerminalGuard({ inputFd: fd, outputFd: fd });
  await expect(opened).rejects.toMatchObject({ code: "process/failed", hint: expect.stringContaining("--headless") });
  closeSync(fd);
});
