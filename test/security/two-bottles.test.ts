import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IS_ROOT, openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: two bottles do not know of each other`, () => {
  let one: TestBottle;
  let other: TestBottle;
  beforeAll(async () => {
    [one, other] = await Promise.all([openTestBottle(), openTestBottle()]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), other.close()]);
  });

  test("they run as two users when root starts them", () => {
    if (IS_ROOT) expect(one.guest.owner.uid).not.toBe(other.guest.owner.uid);
    else expect(one.guest.owner.uid).toBe(process.getuid?.());
  });

  test("neither reads the other's files, memory files or processes", async () => {
    await writeFile(join(other.spec.homeFolder, "secret"), "of the other");
    await other.run(["sh", "-c", "echo of the other >/dev/shm/secret; echo of the other >/tmp/secret"]);
    const sleeping = await other.guest.exec({
      argv: ["sleep", "1000"],
      env: new Map(),
      cwd: "/",
      terminal: undefined,
    });
    const script = `cat "$0"/secret /dev/shm/secret /tmp/secret 2>/dev/null; ls /proc | grep -c '^[0-9]'; pkill sleep; kill -9 -1`;
    const { stdout } = await one.run(["sh", "-c", script, other.spec.homeFolder]);
    expect(stdout).not.toContain("of the other");
    expect(Number(stdout.trim())).toBeLessThan(6);
    sleeping.kill("SIGTERM"); // it has lived until now
    expect(await sleeping.exit).toEqual({ kind: "signal", signal: "SIGTERM" });
  });

  test("a port of one is no port of the other", async () => {
    const listen = `require("node:net").createServer().listen(7777, "127.0.0.1", () => console.log("up"))`;
    const argv = ["node", "-e", listen];
    const server = await other.guest.exec({ argv, env: new Map(), cwd: "/", terminal: undefined });
    if (server.kind !== "pipes") throw new Error("pipes were asked for");
    await new Promise((resolve) => server.stdout.once("data", resolve));
    const dial = `require("node:net").connect(7777, "127.0.0.1").on("connect", () => console.log("reached"))
      .on("error", (error) => console.log(error.code))`;
    expect((await one.run(["node", "-e", dial])).stdout).toBe("ECONNREFUSED\n");
    server.kill("SIGKILL");
    await server.exit;
  });

  test("two commands of one bottle share its network and its files, and nothing else", async () => {
    const listen = `require("node:net").createServer((c) => c.end("hello")).listen(7778, "127.0.0.1", () => console.log("up"))`;
    const argv = ["node", "-e", listen];
    const server = await one.guest.exec({ argv, env: new Map(), cwd: "/", terminal: undefined });
    if (server.kind !== "pipes") throw new Error("pipes were asked for");
    await new Promise((resolve) => server.stdout.once("data", resolve));
    const dial = `require("node:net").connect(7778, "127.0.0.1").on("data", (d) => console.log(String(d)))`;
    expect((await one.run(["node", "-e", dial])).stdout).toBe("hello\n");
    server.kill("SIGKILL");
    await server.exit;
  });
});
