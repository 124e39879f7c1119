import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SecretValue } from "../../src/base/secret-value.ts";
import {
  type DoubleEnv,
  IS_REAL,
  type MachineBottle,
  makeArtifact,
  openMachineBottle,
  whyNoMachines,
} from "../fixtures/smolmachines-bottle.ts";

const why = whyNoMachines();
const SECRET = `hunter2-${process.pid}-of-the-machine`;
const PATHS: readonly (readonly [string, DoubleEnv])[] = IS_REAL
  ? [["of the real smolvm", {}]]
  : [
      ["of 1.17.0", {}],
      ["of 1.9.3", { FAKE_SMOLVM_VERSION: "1.9.3" }],
      ["without --mount-socket", { FAKE_SMOLVM_WITHOUT: "mount-socket" }],
    ];

describe.skipIf(why !== "")(`secrets of machines are only inside${why && `: ${why}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "bottle-secret-"));
  let artifact: string;
  beforeAll(async () => {
    artifact = await makeArtifact(folder);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(PATHS)(
    "in no argument, no environment outside, no record of smolvm: %s",
    async (_name, double) => {
      const bottle = await openMachineBottle({ artifact, files: {}, double });
      try {
        const running = await bottle.guest.exec({
          argv: ["sh", "-c", `test "$TOKEN" = '${SECRET.slice(0, 8)}'"$REST" && echo same; echo up; exec sleep 60`],
          env: new Map<string, string | SecretValue>([
            ["TOKEN", new SecretValue("TOKEN", SECRET)],
            ["REST", SECRET.slice(8)],
          ]),
          cwd: "/tmp",
          terminal: undefined,
        });
        if (running.kind !== "pipes") throw new Error("a command without a terminal has pipes");
        let said = "";
        await new Promise<void>((resolve) => {
          running.stdout.on("data", (chunk: Buffer) => {
            said += chunk.toString("utf8");
            if (said.includes("up\n")) resolve();
          });
        });
        expect(said).toBe("same\nup\n");
        expect(holders("cmdline")).toEqual([]);
        // who has it in its environment is the command, and it is inside
        const outside = holders("environ").filter((pid) => readLinkTo(pid) === readLinkTo("self"));
        expect(outside).toEqual([]);
        expect(inFiles(bottle)).toBe("");
        running.kill("SIGKILL");
        await running.exit;
        // nor of one that cannot be started
        await expect(
          bottle.guest.exec({ argv: ["no-such"], env: new Map([["T", SECRET]]), cwd: "/tmp", terminal: undefined }),
        ).rejects.toSatisfy((error: Error) => !`${error.message} ${error.stack}`.includes(SECRET));
        expect(inFiles(bottle)).toBe("");
      } finally {
        await bottle.close();
      }
    },
    60_000,
  );

  test.skipIf(IS_REAL)(
    "the search finds a secret that is there",
    async () => {
      const bottle = await openMachineBottle({ artifact, files: {} });
      try {
        const { command, env } = bottle.setup.smolvm;
        const leaks = ["machine", "create", "--name", "leaky", "-e", `TOKEN=${SECRET}`];
        expect(spawnSync(command, leaks, { env: { ...env } }).status).toBe(0);
        expect(inFiles(bottle)).toMatch(/calls\.jsonl|state\.json/);
      } finally {
        await bottle.close();
      }
    },
    60_000,
  );
});

function inFiles({ folder, setup }: MachineBottle): string {
  const data = IS_REAL ? [join(setup.smolvm.env["HOME"] ?? "/root", ".local/share/smolvm")] : [];
  return spawnSync("grep", ["-rlaF", SECRET, folder, ...data], { encoding: "utf8" }).stdout;
}

/** Processes of this machine whose arguments, or environment, have the secret; this one has it in neither. */
function holders(file: "cmdline" | "environ"): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1").includes(SECRET);
    } catch {
      return false; // gone meanwhile
    }
  });
}

function readLinkTo(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return ""; // gone meanwhile
  }
}
