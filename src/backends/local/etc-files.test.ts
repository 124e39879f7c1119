import { expect, test } from "vitest";
import { GUEST_LAYOUT } from "../../plan/plan.ts";
import { renderEtcFiles } from "./etc-files.ts";

test("users, hosts and resolver are the bottle's own", () => {
  const files = renderEtcFiles({ ...GUEST_LAYOUT, hostname: "mine" }, "/bin/bash");
  expect(files.get("passwd")).toContain("node:x:1000:1000:node:/home/node:/bin/bash\n");
  expect(files.get("hosts")).toBe("127.0.0.1 localhost mine\n::1 localhost\n");
  expect(files.get("hostname")).toBe("mine\n");
  expect(files.get("resolv.conf")).not.toContain("nameserver");
  expect(files.get("nsswitch.conf")).toContain("hosts: files\n");
  for (const text of files.values()) expect(text.endsWith("\n")).toBe(true);
});
