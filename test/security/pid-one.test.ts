import { expect, test } from "vitest";
import { SecretValue } from "../../src/base/secret-value.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: process 1 of a bottle tells nothing and gives nothing`, async () => {
  const bottle = await openTestBottle();
  try {
    const env = new Map([["TOKEN", new SecretValue("TOKEN", "a-planted-secret")]]);
    const { stdout } = await bottle.run(
      ["sh", "-c", "tr '\\0' '\\n' </proc/1/cmdline; tr '\\0' '\\n' </proc/1/environ"],
      { env },
    );
    expect(stdout).not.toContain("a-planted-secret");
    expect(stdout).not.toContain(bottle.folder);
    expect(stdout.split("\n").slice(0, 9).join(" ")).toMatch(/bwrap --args 3 --seccomp 4 --json-status-fd 5 -- sh$/);
    const open = await bottle.run([
      "sh",
      "-c",
      "ls -l /proc/1/fd /proc/self/fd | grep -e /root -e /home -e /dev/pts -e ptmx | grep -v '(deleted)'",
    ]);
    expect(open.stdout).toBe("");
    // it is under the same filter, so that code written into it could do no more than the command itself
    const filter = await bottle.run(["grep", "-E", "^(Seccomp|NoNewPrivs|CapEff):", "/proc/1/status"]);
    expect(filter.stdout.replaceAll(/\s+/g, " ")).toBe("CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 ");
  } finally {
    await bottle.close();
  }
});
