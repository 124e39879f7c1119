import { expect, test } from "vitest";
import { SecretValue } from "../../src/base/secret-value.ts";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: a bottle gets no variable that was not granted`, async () => {
  process.env["BOTTLE_TEST_PLANTED"] = "planted-in-the-host";
  const bottle = await openTestBottle();
  try {
    const env = new Map([["GRANTED", new SecretValue("GRANTED", "granted-value")]]);
    const { stdout } = await bottle.run(["env"], { env });
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.toSorted()).toEqual(["GRANTED", "HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "USER"]);
    expect(stdout).toContain("GRANTED=granted-value\n");
    const first = await bottle.run(["cat", "/proc/1/environ"], { env });
    expect(
      first.stdout
        .split("\0")
        .map((entry) => entry.split("=")[0])
        .filter(Boolean)
        .toSorted(),
    ).toEqual(expect.arrayContaining(["BOT_BOTTLE_SLUG"]));
    expect(first.stdout).not.toMatch(/planted-in-the-host|granted-value|PATH=.*node_modules/);
  } finally {
    delete process.env["BOTTLE_TEST_PLANTED"];
    await bottle.close();
  }
});
