import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine, snapshot } from "../e2e/cli.ts";

const secret = `s3cret-${randomBytes(12).toString("hex")}`;
const forms = [secret, Buffer.from(secret).toString("base64").replace(/=+$/, ""), Buffer.from(secret).toString("hex")];
const tells = (text: string) => forms.some((form) => text.includes(form));

describe.each(callers)("as $who, a secret of the operator's shell", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
    machine.bottle("keeper", `env: { TOKEN: '\${HOST_TOKEN}' }`);
  });
  afterAll(() => machine.close());
  const env = { HOST_TOKEN: secret };

  test("is seen inside, and outside in no argument, no variable of a child and no file, while it runs and after", async () => {
    const script = 'echo "$TOKEN"; read -r line; echo changed > new; exit 3';
    const started = machine.start(["start", "--keep", "--bottle", "keeper", "--", "sh", "-c", script], {
      env,
      stdin: "open",
    });
    const seen = new Set<string>();
    let running = true;
    const watching = (async () => {
      while (running) {
        for (const tell of findTells(started.child.pid, machine)) seen.add(tell);
        await new Promise((settle) => setImmediate(settle));
      }
    })();
    await started.says(secret);
    expect(snapshot(machine.settings).filter(tells)).toEqual([]);
    expect(snapshot(machine.temporary).filter(tells)).toEqual([]);
    started.child.stdin?.end("go\n");
    const ran = await started.ended;
    running = false;
    await watching;
    expect([...seen]).toEqual([]);
    expect({ code: ran.code, told: tells(ran.stderr) }).toEqual({ code: 3, told: false });
    expect(snapshot(machine.folder).filter(tells)).toEqual([]);
  });

  test("is written down nowhere although the operator also wrote it among the command's arguments", async () => {
    const argv = ["start", "--keep", "--bottle", "keeper", "--", "sh", "-c", "exit 3", secret, `x=${forms[1]}`];
    expect((await machine.run(argv, { env })).code).toBe(3);
    expect(snapshot(machine.folder).filter(tells)).toEqual([]);
    const logs = await machine.run(["logs"]);
    expect(logs.stdout).toContain("[secret TOKEN]");
    expect(tells(logs.stdout + logs.stderr)).toBe(false);
  });

  test.each([
    ["a program that is not there", ["start", "--bottle", "keeper", "--", "no-such-program"]],
    ["a value that is not there", ["start", "--bottle", "keeper", "--", "true"]],
    ["another way to isolate", ["start", "--bottle", "keeper", "--backend", "smolmachines", "--", "true"]],
  ])("is in no error: %s", async (_, argv) => {
    const found = argv.at(-1) === "true" && !argv.includes("smolmachines") ? { HOST_TOKE: secret } : env;
    const ran = await machine.run(argv, { env: found });
    expect(ran.code).not.toBe(0);
    expect(tells(ran.stdout + ran.stderr)).toBe(false);
    expect(snapshot(machine.folder).filter(tells)).toEqual([]);
  });
});

/** Arguments and variables of processes that tell the secret. The command line itself has both from its shell. */
function findTells(own: number, machine: Machine): readonly string[] {
  const found: string[] = [];
  const space = linkOf("self");
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === own || Number(name) === process.pid || linkOf(name) !== space) continue;
    // between fork and exec a child is still its parent's image
    if (read(`/proc/${name}/cmdline`).includes(machine.main)) continue;
    for (const file of ["cmdline", "environ"]) {
      const text = read(`/proc/${name}/${file}`);
      if (tells(text)) found.push(`${file} of ${read(`/proc/${name}/comm`).trim()}`);
    }
  }
  return found;
}

function linkOf(pid: string): string {
  return read(`/proc/${pid}/status`)
    .match(/^NSpid:\t(.*)$/m)?.[1]
    ?.split("\t").length === 1
    ? "host"
    : "inside";
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // gone meanwhile
  }
}
