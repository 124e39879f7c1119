import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DoubleEnv, doubleEnv, IS_REAL } from "../fixtures/smolmachines-bottle.ts";
import { whyNoDouble } from "../fixtures/smolvm-double.ts";

// The double of smolvm says what the real one says, version by version: exit 1 and `Error: ` for what it cannot do, exit 2 for
// words that it does not know.

const why = whyNoDouble() ?? (IS_REAL ? "this is about the double" : "");

describe.skipIf(why !== "")(`the double of smolvm${why && `: ${why}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "smolvm-double-"));
  const call = (argv: readonly string[], more: DoubleEnv = {}, input = "") => {
    const env = { ...process.env, ...doubleEnv(folder, more) };
    const { status, stdout, stderr } = spawnSync(env["BOTTLE_SMOLVM"] ?? "", argv, { env, encoding: "utf8", input });
    return { status, stdout, stderr };
  };
  const text = join(folder, "file.txt");
  beforeAll(() => {
    writeFileSync(text, "content\n");
    expect(call(["machine", "create", "--name", "m", "--allow-host", "192.0.2.1"]).status).toBe(0);
    expect(
      call(["machine", "start", "--name", "m"], { FAKE_SMOLVM_DENIED: "192.0.2.9:443,198.51.100.1:53" }).status,
    ).toBe(0);
  }, 60_000);
  afterAll(() => {
    call(["machine", "delete", "--name", "m", "-f"]);
    rmSync(folder, { recursive: true, force: true });
  });

  test.each<readonly [readonly string[], string, string]>([
    [
      ["machine", "create", "--name", "x", "--mount-socket", "/a:/b"],
      "1.6.3",
      "unexpected argument '--mount-socket' found",
    ],
    [["machine", "create", "--name", "x", "--label", "a=b"], "1.7.7", "unexpected argument '--label' found"],
    [["machine", "create", "--name", "x", "--user", "1"], "1.13.1", "unexpected argument '--user' found"],
    [["machine", "egress-events", "--name", "m"], "1.8.0", "unrecognized subcommand"],
    [["machine", "cp", "a", "m:/b", "--mode", "600"], "1.8.3", "unexpected argument '--mode' found"],
    [["machine", "cp", "a"], "1.17.0", "required arguments were not provided"],
    [["machine", "cp", "a", "m:/b", "c"], "1.17.0", "unexpected argument 'c' found"],
    [["machine", "exec", "-n", "m", "true"], "1.17.0", "unexpected argument '-n' found"],
    [["machine", "exec", "--name", "m"], "1.17.0", "<COMMAND>..."],
    [["machine", "exec", "--name", "m", "-d", "-i", "true"], "1.17.0", "cannot be used with"],
    [["machine", "delete", "-f"], "1.17.0", "--name <NAME>"],
    [["machine", "create", "myvm"], "1.17.0", "unexpected argument 'myvm' found"],
    [["machine", "ls", "-q"], "1.13.1", "unexpected argument '-q' found"],
    [["machine", "logs"], "1.17.0", "unrecognized subcommand"],
  ])("%j as %s is no usage of it", (argv, version, words) => {
    const { status, stdout, stderr } = call(argv, { FAKE_SMOLVM_VERSION: version });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(words);
  });

  test("cp carries one file in and out, with its mode and owner, and says what it cannot", () => {
    const sent = call(["machine", "cp", text, "m:/tmp/in.txt", "--mode", "600", "--uid", "1000", "--gid", "1000"]);
    expect([sent.status, sent.stdout]).toEqual([0, ""]);
    expect(sent.stderr).toMatch(/^Uploading .* -> m:\/tmp\/in\.txt: 8 B \/ 8 B \(100\.0%, .*\/s\)\n$/);
    const seen = call(["machine", "exec", "--name", "m", "--", "stat", "-c", "%a %u %g", "/tmp/in.txt"]);
    expect(seen.stdout).toBe("600 1000 1000\n");
    expect(call(["machine", "cp", "m:/tmp/in.txt", join(folder, "out.txt")]).status).toBe(0);
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("content\n");
    const failed = (...argv: readonly string[]) => call(["machine", "cp", ...argv]);
    expect(failed(folder, "m:/tmp/x")).toMatchObject({ status: 1, stderr: expect.stringContaining("Is a directory") });
    expect(failed(text, "m:/no/such/folder/x").stderr).toMatch(/^Error: agent operation failed: write guest file/);
    expect(failed("m:/no", folder).stderr).toMatch(/^Error: agent operation failed: read guest file: .*No such file/);
    expect(failed(text, "none:/x").stderr).toBe("Error: vm not found: none\n");
    expect(failed(text, text)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Error: /) });
  }, 60_000);

  test("egress-events tell what was denied; who has no network is denied nothing", () => {
    const events = JSON.parse(call(["machine", "egress-events", "--name", "m", "--json"]).stdout);
    expect(events).toMatchObject([
      { operation: "connect", dest: "192.0.2.9:443" },
      { operation: "connect", dest: "198.51.100.1:53" },
    ]);
    expect(call(["machine", "egress-events", "--name", "m", "--limit", "1", "--json"]).stdout).not.toContain(
      "192.0.2.9",
    );
    call(["machine", "create", "--name", "sealed"]);
    call(["machine", "start", "--name", "sealed"], { FAKE_SMOLVM_DENIED: "192.0.2.9:443" });
    expect(call(["machine", "egress-events", "--name", "sealed", "--json"]).stdout).toBe("[]\n");
    call(["machine", "delete", "--name", "sealed", "-f"]);
  }, 60_000);

  test("update changes one that is stopped only, and drops the allow list with the network", () => {
    const running = call(["machine", "update", "--name", "m", "--cpus", "2"]);
    expect([running.status, running.stderr]).toEqual([1, "Error: invalid vm state: expected stopped, got Running\n"]);
    call(["machine", "create", "--name", "u", "--allow-cidr", "192.0.2.0/24"]);
    expect(call(["machine", "update", "--name", "u", "--cpus", "2", "--mem", "512", "--no-net"]).status).toBe(0);
    const status = call(["machine", "status", "--name", "u", "--json"]).stdout;
    expect(JSON.parse(status)).toMatchObject({ cpus: 2, memory_mib: 512, network: false });
    expect(call(["machine", "update", "--name", "u", "--allow-cidr", "0.0.0.0/0"]).status).toBe(2);
    // without -f it asks, and a closed input is a no that ends well
    expect(call(["machine", "delete", "--name", "u"])).toMatchObject({ status: 0, stdout: "Cancelled\n" });
    expect(call(["machine", "delete", "--name", "u"], {}, "y\n").stdout).toContain("Deleted machine: u");
  }, 60_000);

  test("monitor starts one again that has ended, and gives up when it may not", () => {
    const argv = ["machine", "monitor", "--name", "m", "--interval", "1s", "--health-cmd", "false"];
    const gave = call(argv);
    expect([gave.status, gave.stderr]).toEqual([1, "Error: agent operation failed: monitor: machine 'm' stopped\n"]);
    const tried = call([...argv, "--restart", "on-failure", "--max-retries", "1"]);
    expect(tried.stdout).toMatch(/^Restarted machine 'm' \(PID: \d+\)\n$/);
    expect(tried.status).toBe(1);
  }, 60_000);

  test("what is unknown or does not run is told in its words", () => {
    expect(call(["machine", "status", "--name", "no"]).stderr).toBe("Error: vm not found: no\n");
    const json = call(["machine", "status", "--name", "no", "--json"]);
    expect(json.stderr).toBe("Error: config operation failed: machine status: machine 'no' not found\n");
    call(["machine", "create", "--name", "idle"]);
    expect(call(["machine", "exec", "--name", "idle", "--", "true"])).toMatchObject({
      status: 1,
      stderr:
        "Error: agent operation failed: connect: machine 'idle' is not running. Use 'smolvm machine start --name idle' first.\n",
    });
    call(["machine", "delete", "--name", "idle", "-f"]);
  });
});
